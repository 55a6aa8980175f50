// The typed client, given by injection so that specs can hand in another one. The page and the API share an origin.
import { InjectionToken } from '@angular/core';
import { type Client, createClient } from '#api/contract/client';

export const API = new InjectionToken<Client>('the API client', {
  providedIn: 'root',
  factory: () => createClient({ baseUrl: '' }),
});
