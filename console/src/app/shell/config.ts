// What the application starts with: routes and their titles. Change detection is zoneless (Angular's default).
import { APP_BASE_HREF } from '@angular/common';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideRouter, TitleStrategy, withComponentInputBinding } from '@angular/router';
import { PageTitle } from './page-title.ts';
import { routes } from './routes.ts';
import { provideVisibleText } from './visible-text.ts';

export const shellConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideVisibleText(),
    provideRouter(routes, withComponentInputBinding()),
    // Instead of a <base> element, which the daemon's content security policy refuses.
    { provide: APP_BASE_HREF, useValue: '/' },
    { provide: TitleStrategy, useExisting: PageTitle },
  ],
};
