// The query of a request, each parameter once. Which of them exist is the schema’s matter.
import { MeshError } from '#machines/nouns/error';

/** Parameters of a request target. Throws bad_request for one that comes twice. */
export const readQuery = (url: string): Record<string, string> => {
  const start = url.indexOf('?');
  const query = Object.create(null) as Record<string, string>;
  if (start === -1) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (name in query)
      throw new MeshError('bad_request', `The query parameter ${name} was given more than once`, {
        fields: [{ in: 'query', field: name, message: 'given more than once' }],
      });
    query[name] = value;
  }
  return query;
};
