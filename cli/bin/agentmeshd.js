#!/usr/bin/env node
// The `agentmeshd` command: finds a fitting Node, then runs cli/agentmeshd.ts.
import { launch } from './launch.js';

await launch('agentmeshd');
