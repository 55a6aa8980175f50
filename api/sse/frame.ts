// Frames of the event stream (HTML standard, server-sent events). `id` is the seq: it comes back as Last-Event-ID.

/** An event. Its line is JSON without newlines, so one data line holds it. */
export const eventFrame = (seq: number, line: string): string => `id: ${String(seq)}\ndata: ${line}\n\n`;

/** The first frame: which log this is, and the seq of its last event. */
export const helloFrame = (logId: string, head: number): string =>
  `event: hello\ndata: ${JSON.stringify({ log_id: logId, head })}\n\n`;

/** Instead of hello: the cursor belongs to another log, the stream begins at the start of this one. */
export const resetFrame = (logId: string, head: number): string =>
  `id: 0\nevent: reset\ndata: ${JSON.stringify({ log_id: logId, head })}\n\n`;

/** Moves the cursor past rows that do not fit the filter: an id without data is no event, but it is remembered. */
export const cursorFrame = (seq: number): string => `id: ${String(seq)}\n\n`;

/** Keeps idle connections alive through proxies. */
export const KEEP_ALIVE_FRAME = ':\n\n';

/** The seq of a stored line; it is the last key of the record. */
export const seqOfLine = (line: string): number => {
  const match = /"seq":(\d{1,16})\}$/.exec(line.slice(-32));
  const seq = match === null ? (JSON.parse(line) as { readonly seq: number }).seq : Number(match[1]);
  if (!Number.isSafeInteger(seq)) throw new Error('a stored line without seq');
  return seq;
};
