// Starts the console.
import { bootstrapApplication } from '@angular/platform-browser';
import { Shell } from './app/shell/shell.ts';
import { shellConfig } from './app/shell/config.ts';

bootstrapApplication(Shell, shellConfig).catch((error: unknown) => {
  console.error(error);
});
