// Parts of A2A and what the mesh keeps of them: texts, data and files, both ways. A2A 1.0, section 4.1.6.
import type { Part } from '@a2a-js/sdk';
import type { MeshFile } from '#machines/nouns/file';
import type { AskedPart } from '#machines/nouns/origin';

const part = (content: Part['content'], mediaType: string, filename = ''): Part => ({
  content,
  metadata: undefined,
  filename,
  mediaType,
});

/** A part that says something. */
export const textPart = (text: string, mediaType = 'text/plain'): Part =>
  part({ $case: 'text', value: text }, mediaType);

/** A part for programs. */
export const dataPart = (data: unknown, mediaType = 'application/json'): Part =>
  part({ $case: 'data', value: data }, mediaType);

/** A file by its bytes, or by its address. */
export const filePart = ({ name = '', mime = '', url, base64 = '' }: MeshFile): Part =>
  part(
    url === undefined ? { $case: 'raw', value: Buffer.from(base64, 'base64') } : { $case: 'url', value: url },
    mime,
    name,
  );

/** A part of a message as the mesh keeps it; one without any content is an empty text. */
export const askedPart = ({ content, filename, mediaType }: Part): AskedPart => {
  const facts = {
    ...(filename === '' ? {} : { name: filename }),
    ...(mediaType === '' ? {} : { mime: mediaType }),
  };
  switch (content?.$case) {
    case 'data':
      return { data: content.value as unknown };
    case 'url':
      return { file: { ...facts, url: content.value } };
    case 'raw': {
      const bytes = Buffer.from(content.value);
      return { file: { ...facts, base64: bytes.toString('base64'), bytes: bytes.length } };
    }
    case 'text':
      return { text: content.value };
    case undefined:
      return { text: '' };
  }
};

/** The part that it was. */
export const partOf = (kept: AskedPart): Part =>
  'file' in kept ? filePart(kept.file) : 'text' in kept ? textPart(kept.text) : dataPart(kept.data);
