// The pages and their addresses. Each is loaded when it is first opened.
import type { Routes } from '@angular/router';

export const TITLES = ['runs', 'run', 'agents', 'notFound'] as const;
export type TitleKey = (typeof TITLES)[number];

export const routes: Routes = [
  { path: '', pathMatch: 'full', redirectTo: 'runs' },
  {
    path: 'runs',
    title: 'runs' satisfies TitleKey,
    loadComponent: async () => (await import('../pages/runs/runs-page.ts')).RunsPage,
  },
  {
    path: 'runs/:id',
    title: 'run' satisfies TitleKey,
    loadComponent: async () => (await import('../pages/run/run-page.ts')).RunPage,
  },
  {
    path: 'agents',
    title: 'agents' satisfies TitleKey,
    loadComponent: async () => (await import('../pages/agents/agents-page.ts')).AgentsPage,
  },
  {
    path: '**',
    title: 'notFound' satisfies TitleKey,
    loadComponent: async () => (await import('../pages/not-found/not-found-page.ts')).NotFoundPage,
  },
];
