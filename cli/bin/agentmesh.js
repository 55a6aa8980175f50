#!/usr/bin/env node
// The `agentmesh` command: finds a fitting Node, then runs cli/agentmesh.ts.
import { launch } from './launch.js';

await launch('agentmesh');
