// Answers that are not a value to serialise: text as it stands, and a response that goes on.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** JSON that is there already and must not be serialised again, with headers of its own. */
export class JsonText {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(text: string, headers: Readonly<Record<string, string>> = {}) {
    this.text = text;
    this.headers = headers;
  }
}

/** An answer that goes on: `attach` takes the response over. */
export class OpenStream {
  readonly attach: (request: IncomingMessage, response: ServerResponse) => void;

  constructor(attach: (request: IncomingMessage, response: ServerResponse) => void) {
    this.attach = attach;
  }
}
