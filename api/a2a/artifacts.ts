// What the steps of a team answered, as the artifacts of its task. A2A 1.0, section 4.1.7.
import type { Artifact, Part } from '@a2a-js/sdk';
import type { StepAnswer, StepArtifact } from '#engine/index';
import { dataPart, filePart, textPart } from './parts.ts';

const partsOf = ({ text, data, files, mime }: StepArtifact): Part[] => {
  // One media type was recorded: it is that of the text where there is one.
  const ofText = mime?.startsWith('text/') === true ? mime : undefined;
  const ofData = text === undefined && mime !== null ? mime : undefined;
  return [
    ...(text === undefined ? [] : [textPart(text, ofText)]),
    ...(data === undefined ? [] : [dataPart(data, ofData)]),
    ...files.map(filePart),
  ];
};

/** A step's output that no artifact carries: a text, or data read out of one. */
const outputParts = (output: unknown): Part[] => {
  const keys = typeof output === 'object' && output !== null ? Object.keys(output) : [];
  const text = keys.length === 1 ? (output as Record<string, unknown>)['text'] : undefined;
  return [typeof text === 'string' ? textPart(text) : dataPart(output)];
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether the output of the step is what this artifact holds. */
const carries = ({ text, data, files }: StepArtifact, output: unknown): boolean =>
  data === undefined
    ? isSame(output, { text }) ||
      (files.length > 0 && typeof output === 'object' && output !== null && 'files' in output)
    : isSame(output, data);

const isEmpty = ({ text, data, files }: StepArtifact): boolean =>
  text === undefined && data === undefined && files.length === 0;

/**
 * Everything that a step answered. The artifact that is its output has the step's name as its id and stands last, so that
 * whoever reads the last one has the output; the others are numbered.
 */
export const artifactsOf = ({ step, role, artifacts, output }: StepAnswer): Artifact[] => {
  const all = artifacts.filter((artifact) => !isEmpty(artifact));
  const at = all.findLastIndex((artifact) => carries(artifact, output));
  const shown = (id: string, name: string, parts: Part[], description: string): Artifact => ({
    artifactId: id,
    name,
    description,
    parts,
    metadata: undefined,
    extensions: [],
  });
  const others = all.filter((_, index) => index !== at);
  const carrier = all[at];
  const isSilent = isSame(output, { text: '' });
  return [
    ...others.map((artifact, index) => {
      const id = `${step}/${String(index + 1)}`;
      return shown(id, artifact.name ?? id, partsOf(artifact), `From step ${step} (${role})`);
    }),
    ...(carrier === undefined && isSilent
      ? []
      : [
          shown(
            step,
            carrier?.name ?? step,
            carrier === undefined ? outputParts(output) : partsOf(carrier),
            `Output of step ${step} (${role})`,
          ),
        ]),
  ];
};

/** Whether an artifact says already what the agent said at the end. */
export const isSaidByArtifact = ({ text, artifacts, output }: StepAnswer): boolean =>
  isSame(output, { text }) || artifacts.some((artifact) => artifact.text?.trim() === text.trim());

/** A direct answer: what was said, then data and files. */
export const answerParts = ({ text, artifacts }: StepAnswer): Part[] => [
  ...(text === '' ? [] : [textPart(text)]),
  ...artifacts.flatMap((artifact) => partsOf(artifact)).filter(({ content }) => content?.$case !== 'text'),
];
