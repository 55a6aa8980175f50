// Headers of every answer: nothing is sniffed, framed, cached or shared with other origins. There are no CORS headers at all.
import type { ServerResponse } from 'node:http';

const CONSOLE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  // Angular sets style attributes; scripts stay strict.
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const API_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/** Sets what holds for every answer, pages and API alike; `page` opens the CSP as far as the console needs. */
export const setSecurityHeaders = (response: ServerResponse, kind: 'api' | 'page'): void => {
  response.setHeader('content-security-policy', kind === 'page' ? CONSOLE_CSP : API_CSP);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  if (kind === 'api') response.setHeader('cache-control', 'no-store');
};
