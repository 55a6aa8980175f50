// What a page of another site can try on a daemon: each a script that answers what the page has learned, in words.
// Given as text, for the browser: each takes the address to try, and `own`, the hostile server, which redirects.

/** Ways to read, or to learn whether something is there. */
const READING = String.raw`
  'fetch, cors': (url) => say(fetch(url)),
  'fetch, cors, with credentials': (url) => say(fetch(url, { credentials: 'include' })),
  'fetch, no-cors': (url) => say(fetch(url, { mode: 'no-cors' })),
  'fetch, no-cors, with credentials': (url) => say(fetch(url, { mode: 'no-cors', credentials: 'include' })),
  'fetch, same-origin': (url) => say(fetch(url, { mode: 'same-origin' })),
  'fetch, redirect by hand': (url) => say(fetch(url, { mode: 'no-cors', redirect: 'manual' })),
  'fetch, HEAD': (url) => say(fetch(url, { mode: 'no-cors', method: 'HEAD' })),
  'fetch, a range': (url) => say(fetch(url, { mode: 'no-cors', headers: { range: 'bytes=0-9' } })),
  'fetch, integrity': (url) => say(fetch(url, { mode: 'no-cors', integrity: 'sha256-AAAA' })),
  'fetch, bearer': (url) => say(fetch(url, { headers: { authorization: 'Bearer x' } })),
  'fetch, user in the address': (url) => say(fetch(url.replace('//', '//a:b@'))),
  'fetch, redirected': (url, own) => say(fetch(own + '/302?' + url, { mode: 'no-cors' })),
  'fetch, redirected, cors': (url, own) => say(fetch(own + '/302?' + url)),
  'fetch, into the cache': (url) => say(caches.open('x').then((cache) =>
    fetch(url, { mode: 'no-cors' }).then((answer) => cache.put('/x', answer.clone()).then(() => answer)))),
  'XHR': (url) => xhr('GET', url),
  'XHR, with credentials': (url) => xhr('GET', url, null, (x) => { x.withCredentials = true; }),
  'XHR, awaited': (url) => { const x = new XMLHttpRequest(); x.open('GET', url, false); x.send(); return told(x); },
  'img': (url) => load('img', { src: url }),
  'img, cors': (url) => load('img', { crossOrigin: 'anonymous', src: url }),
  'img, redirected': (url, own) => load('img', { src: own + '/302?' + url }),
  'script': (url) => load('script', { src: url }),
  'script, module': (url) => load('script', { type: 'module', src: url }),
  'import()': (url) => import(url).then(() => 'imported', () => 'error'),
  'stylesheet': (url) => load('link', { rel: 'stylesheet', href: url }),
  'prefetch': (url) => load('link', { rel: 'prefetch', href: url }),
  'preload': (url) => load('link', { rel: 'preload', as: 'fetch', href: url }),
  'modulepreload': (url) => load('link', { rel: 'modulepreload', href: url }),
  'manifest': (url) => load('link', { rel: 'manifest', href: url }, 300),
  'icon': (url) => load('link', { rel: 'icon', href: url }, 300),
  'iframe': (url) => frame({ src: url }),
  'iframe, in a sandbox': (url) => frame({ src: url, sandbox: 'allow-scripts allow-forms' }),
  'iframe, redirected': (url, own) => frame({ src: own + '/302?' + url }),
  'iframe, refreshed to it': (url) => frame({ srcdoc: '<meta http-equiv=refresh content="0;url=' + url + '">' }, 900),
  'iframe, and back again': async (url) => {
    const one = document.body.appendChild(Object.assign(document.createElement('iframe'), { src: 'about:blank' }));
    one.contentWindow.location = url; await rest(500); history.pushState(0, '', '#a'); history.back(); await rest(300); return look(one.contentWindow);
  },
  'object': (url) => load('object', { data: url }, 1500).then((seen) => (seen === 'load' ? seen : 'error')),
  'embed': (url) => load('embed', { src: url }),
  'video': (url) => load('video', { src: url }),
  'audio': (url) => load('audio', { src: url }),
  'CSS import': (url) => style('@import url("' + url + '")'),
  'CSS background': (url) => style('body { background: url("' + url + '") }'),
  'CSS font': (url) => style('@font-face { font-family: x; src: url("' + url + '") } body { font-family: x }'),
  'SVG use': (url) => svg('<use href="' + url + '#a"/>'),
  'SVG image': (url) => svg('<image href="' + url + '"/>'),
  'EventSource': (url) => source(new EventSource(url)),
  'EventSource, with credentials': (url) => source(new EventSource(url, { withCredentials: true })),
  'WebSocket': (url) => source(new WebSocket(url.replace('http', 'ws'))),
  'Worker of it': (url) => { try { new Worker(url); return 'made'; } catch (error) { return error.name; } },
  'SharedWorker of it': (url) => { try { new SharedWorker(url); return 'made'; } catch (error) { return error.name; } },
  'importScripts': (url) => worker('try { importScripts(' + JSON.stringify(url) + '); postMessage("ran"); } catch (e) { postMessage(e.name); }'),
  'fetch in a worker': (url) => worker('fetch(' + JSON.stringify(url) + ').then((a) => a.text()).then(postMessage, () => postMessage("error"))'),
  'fetch in a worker, no-cors': (url) => worker('fetch(' + JSON.stringify(url) + ', { mode: "no-cors" }).then((a) => postMessage(a.type + a.status), () => postMessage("error"))'),
  'service worker of it': (url) => navigator.serviceWorker.register(url).then(() => 'registered', (error) => error.name),
  'service worker, its fetch': async (url, own) => {
    await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready;
    while (navigator.serviceWorker.controller === null) await rest(20);
    return say(fetch('/through?' + url));
  },
  'worklet': (url) => CSS.paintWorklet === undefined ? 'none' : CSS.paintWorklet.addModule(url).then(() => 'ran', () => 'error'),
  'how long it took': async (url) => {
    await say(fetch(url, { mode: 'no-cors' }));
    return (performance.getEntriesByName(url).map(({ responseStatus, transferSize, encodedBodySize, responseStart }) =>
      [responseStatus, transferSize, encodedBodySize, responseStart]).find((all) => all.some((one) => one !== 0)) ?? 'nothing').toString();
  },
  'speculation rules': async (url) => {
    for (const kind of ['prefetch', 'prerender']) document.head.append(Object.assign(document.createElement('script'),
      { type: 'speculationrules', text: JSON.stringify({ [kind]: [{ source: 'list', urls: [url], eagerness: 'immediate' }] }) }));
    await rest(400); return 'no answer';
  },
  'window': async (url) => { const w = open(url, '_blank', 'width=200,height=200'); await rest(900); const seen = look(w); w.close(); return seen; },`;

/** Ways to change something, given a body that the route would take. */
const CHANGING = String.raw`
  'POST, text/plain': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body })),
  'POST, text/plain, with credentials': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body, credentials: 'include' })),
  'POST, a form': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body: new URLSearchParams(JSON.parse(body)) })),
  'POST, multipart': (url, own, body) => { const form = new FormData(); form.set('a', body); return say(fetch(url, { mode: 'no-cors', method: 'POST', body: form })); },
  'POST, without a type': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body: new Blob([body]) })),
  'POST, JSON': (url, own, body) => say(fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })),
  'POST, JSON, no-cors': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body, headers: { 'content-type': 'application/json' } })),
  'POST, JSON hidden in a type': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body, headers: { 'content-type': 'text/plain; application/json' } })),
  'POST, idempotent': (url, own, body) => say(fetch(url, { method: 'POST', body, headers: { 'idempotency-key': 'k' } })),
  'POST, outliving the page': (url, own, body) => say(fetch(url, { mode: 'no-cors', method: 'POST', body, keepalive: true })),
  'POST, redirected': (url, own, body) => say(fetch(own + '/307?' + url, { mode: 'no-cors', method: 'POST', body })),
  'DELETE': (url) => say(fetch(url, { method: 'DELETE' })),
  'PUT': (url, own, body) => say(fetch(url, { method: 'PUT', body })),
  'XHR POST': (url, own, body) => xhr('POST', url, body),
  'beacon': async (url, own, body) => { navigator.sendBeacon(url, body); await rest(200); return 'sent'; },
  'beacon, JSON': async (url, own, body) => { navigator.sendBeacon(url, new Blob([body], { type: 'application/json' })); await rest(200); return 'sent'; },
  'form, GET': (url) => form({ action: url, method: 'get' }, 'a', 'b'),
  'form, POST': (url, own, body) => form({ action: url, method: 'post' }, 'a', body),
  'form, multipart': (url, own, body) => form({ action: url, method: 'post', enctype: 'multipart/form-data' }, 'a', body),
  'form, text/plain that is JSON': (url, own, body) => form({ action: url, method: 'post', enctype: 'text/plain' }, body.slice(0, -1) + ',"x":"', '"}'),
  'form, redirected': (url, own, body) => form({ action: own + '/307?' + url, method: 'post', enctype: 'text/plain' }, body.slice(0, -1) + ',"x":"', '"}'),
  'form, in a window': (url, own, body) => form({ action: url, method: 'post', enctype: 'text/plain' }, body.slice(0, -1) + ',"x":"', '"}', '_blank'),
  'form, without an origin': (url, own, body) => frame({ sandbox: 'allow-scripts allow-forms', srcdoc:
    '<form method=post enctype=text/plain action="' + url + '"><input name=\'' + body.slice(0, -1) + ',"x":"\' value=\'"}\'></form><script>document.forms[0].submit()</script>' }, 900),
  'ping of a link': async (url) => { const a = Object.assign(document.createElement('a'), { href: '#x', ping: url }); document.body.append(a); a.click(); await rest(200); return 'sent'; },
  'fetch POST in a worker': (url, own, body) => worker('fetch(' + JSON.stringify(url) + ', { method: "POST", mode: "no-cors", body: ' + JSON.stringify(body) + ' }).then((a) => postMessage(a.type + a.status), () => postMessage("error"))'),`;

/** Words for what a page sees; every wait has an end. */
const SEEING = String.raw`
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const within = (ms, answer) => Promise.race([answer, rest(ms).then(() => 'no answer')]);
  const say = (answer) => within(4000, answer.then(async (a) => a.type + ' ' + a.status + ' ' + (await a.text()), () => 'error'));
  const told = (x) => x.status + ' ' + x.responseText + ' ' + x.getAllResponseHeaders();
  const xhr = (method, url, body = null, change = () => undefined) => within(4000, new Promise((resolve) => {
    const x = new XMLHttpRequest(); x.open(method, url); change(x); x.onloadend = () => resolve(told(x)); x.send(body);
  }));
  const look = (w) => { try { return 'read ' + w.document.documentElement.outerHTML.length; } catch { return 'closed ' + w.closed + ' ' + w.length; } };
  const load = (tag, fields, ms = 4000) => within(ms, new Promise((resolve) => {
    const one = document.createElement(tag);
    for (const name of ['load', 'error', 'loadedmetadata']) one.addEventListener(name, () => resolve(name));
    Object.assign(one, fields); document.body.append(one);
  }));
  const frame = async (fields, ms = 700) => {
    const one = document.createElement('iframe'); for (const [k, v] of Object.entries(fields)) one.setAttribute(k, v);
    document.body.append(one); await rest(ms);
    // On a busy machine the frame may still show its own empty page.
    for (let n = 0; n < 100 && look(one.contentWindow).startsWith('read'); n++) await rest(80);
    return look(one.contentWindow).replace(/read \d+/, (all) => fields.srcdoc ? 'own' : all);
  };
  const style = async (text) => { const one = document.createElement('style'); one.textContent = text; document.head.append(one); await rest(400); return document.styleSheets.length > 0 ? 'styled' : ''; };
  const svg = async (inner) => { const one = document.createElement('div'); one.innerHTML = '<svg>' + inner + '</svg>'; document.body.append(one); await rest(400); return String(one.getBoundingClientRect().height > 0); };
  const source = (s) => within(3000, new Promise((resolve) => { s.onopen = () => resolve('open'); s.onmessage = (m) => resolve(m.data); s.onerror = () => resolve('error'); })).finally(() => s.close());
  const worker = (text) => within(3000, new Promise((resolve) => { new Worker(URL.createObjectURL(new Blob([text]))).onmessage = (m) => resolve(m.data); }));
  const form = async (fields, name, value, target) => {
    const one = Object.assign(document.createElement('form'), fields);
    let into = target; let view = null;
    if (into === undefined) { view = document.createElement('iframe'); view.name = into = 'f' + Math.random(); document.body.append(view); }
    one.target = into; one.append(Object.assign(document.createElement('input'), { name, value }));
    document.body.append(one); one.submit(); await rest(700); return view === null ? 'sent' : look(view.contentWindow);
  };`;

/** An expression that makes every try at once and answers what each has seen: name -> words. */
export const tries = (
  kind: 'reading' | 'changing',
  { url, own, body = '' }: { readonly url: string; readonly own: string; readonly body?: string },
): string => `(async () => {
  ${SEEING}
  const all = {${kind === 'reading' ? READING : CHANGING}};
  return Object.fromEntries(await Promise.all(Object.entries(all).map(async ([name, attempt]) => {
    try { return [name, String(await attempt(...${JSON.stringify([url, own, body])}))]; }
    catch (error) { return [name, 'error ' + error.name]; }
  })));
})()`;

/** The service worker of the hostile page: asks the daemon on behalf of its page. */
export const SERVICE_WORKER = `
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { pathname, search } = new URL(event.request.url);
  if (pathname === '/through') event.respondWith(fetch(search.slice(1), { mode: 'no-cors' }));
});`;
