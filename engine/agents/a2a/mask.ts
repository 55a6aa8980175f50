// Secrets that an agent says back to us are hidden before anything of its answer is kept.

/** Shorter words are no secrets that one could find in a text without hiding half of it. */
const SHORTEST = 8;

/** What stands where a secret stood. */
const HIDDEN = '[credential]';

/** Hides the words of credential headers in a text, as they are and as JSON writes them. */
export const masking = (credentials: Readonly<Record<string, string>>): ((text: string) => string) => {
  const words = Object.values(credentials)
    .flatMap((value) => value.split(/[\s=;,]+(?=\S{8})/))
    .flatMap((word) => [word, JSON.stringify(word).slice(1, -1)])
    .filter((word) => word.length >= SHORTEST);
  const secrets = [...new Set(words)].sort((one, other) => other.length - one.length);
  if (secrets.length === 0) return (text) => text;
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, HIDDEN), text);
};
