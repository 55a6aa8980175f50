// The code-fix team on one machine, without a service.
import { testCodeFix } from './code-fix.testsuite.ts';

testCodeFix('sqlite');
