/** What each kind of label file must hold and may hold, in a line for the person. Pure; the check is data/label-rows.ts. */
import type { CommandMap } from '../worker/protocol.ts';

type LabelKind = CommandMap['labels.import']['args']['kind'];

const PROMPT = 'useCase, kind, userId, split, source, promptId';

export const LABEL_HELP: Readonly<Record<LabelKind, string>> = {
  prompts: `A row needs prompt; it may have ${PROMPT}.`,
  demonstrations: `A row needs prompt and completion; it may have id, author, ${PROMPT}.`,
  rankings:
    'A row needs prompt, completions (2 to 9 texts) and ranks (1 is best, equal numbers tie), ' +
    'in CSV as columns completion_1, completion_2, … and rank_1, rank_2, …; ' +
    `or prompt, chosen and rejected. It may have id, labeler, ${PROMPT}.`,
};

/** How rows are written, whatever they hold. */
export const FILE_HELP =
  'JSONL: one JSON object on each line, or one list of them. CSV: a heading with these names, then one row on each line.';
