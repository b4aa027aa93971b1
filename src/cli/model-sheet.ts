/**
 * `npm run model-sheet`: what the shipped base model is like, measured and written to docs/base-model.md: held-out
 * loss, share of sampled sentences that the world's grammar accepts, the paper's starting faults, and samples.
 */
import { writeFileSync } from 'node:fs';
import { rowSource } from '../data/packing.ts';
import { streamKey } from '../data/rng.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { parameterCount, type Model } from '../model/parameters.ts';
import { sampleResponses } from '../model/sample.ts';
import { complete } from '../rlhf/pipeline.ts';
import { heldOutLoss } from '../rlhf/pretrain.ts';
import { extractClaims, isTrue } from '../world/claims.ts';
import { writeDocument } from '../world/documents.ts';
import { acceptsSentence, kindsOf, splitSentences, wordsOf } from '../world/grammar.ts';
import { RUDE_WORDS } from '../world/lexicon.ts';
import { validationPrompts } from '../world/prompt-sets.ts';
import { presentUseCases } from '../world/use-cases.ts';
import { loadModel, loadTokenizer } from './model-files.ts';
import { startNodeEngine } from './node-engine.ts';
import { readOptions, runCommand } from './options.ts';

const OPTIONS = {
  base: { help: 'folder of the model', value: 'DIR' },
  out: { help: 'Markdown file to write', value: 'FILE' },
} as const;

const SEED = 1;
const DOCUMENTS = 256;
const LENGTH = 120;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Documents written from nothing: the model is given an end-of-text and goes on. The last sentence is cut off. */
async function freeText(model: Model, tokenizer: Tokenizer): Promise<string[]> {
  const sampled = await sampleResponses(
    model,
    Array.from({ length: DOCUMENTS }, () => [tokenizer.eosId]),
    { promptLength: 1, responseLength: LENGTH, temperature: 1, key: streamKey(SEED, 'sheet') },
  );
  return sampled.map(({ tokens, ended }) => {
    const text = tokenizer.decode(tokens);
    return ended ? text : text.slice(0, Math.max(text.lastIndexOf('.'), text.lastIndexOf('?')) + 1);
  });
}

async function measure(model: Model, tokenizer: Tokenizer) {
  const rows = rowSource(
    writeDocument,
    tokenizer,
    { batch: 12, length: model.config.contextLength + 1 },
    { seed: SEED, scope: 'held-out' },
  );
  const loss = await heldOutLoss(
    model,
    Array.from({ length: 8 }, (_, index) => rows(index)),
  );
  const sentences = (await freeText(model, tokenizer)).flatMap((text) => splitSentences(text));
  const accepted = sentences.filter((sentence) => acceptsSentence(sentence)).length;
  const claims = sentences.flatMap((sentence) => extractClaims(sentence));
  return {
    loss,
    sentences: sentences.length,
    fluent: accepted / sentences.length,
    claims: claims.length,
    untrue: claims.filter((claim) => !isTrue(claim)).length / claims.length,
  };
}

/** How often answers to instructions show each of the paper's starting faults. */
function faults(responses: readonly { text: string; ended: boolean }[]) {
  const share = (has: (text: string) => boolean) =>
    responses.filter(({ text }) => has(text)).length / responses.length;
  return {
    unended: responses.filter(({ ended }) => !ended).length / responses.length,
    instructions: share((text) => splitSentences(text).some((s) => kindsOf(s).has('prompt'))),
    rude: share((text) => wordsOf(text).some((word) => RUDE_WORDS.includes(word))),
  };
}

async function main(): Promise<void> {
  const given = readOptions('model-sheet', OPTIONS, process.argv.slice(2));
  const folder = given.base ?? 'public/models/base';
  const tokenizer = loadTokenizer(folder);
  await startNodeEngine('wasm');
  const model = loadModel(folder, 'language');
  const measured = await measure(model, tokenizer);
  const prompts = validationPrompts(SEED, 600);
  const shape = { promptLength: 40, responseLength: 48 };
  const call = { shape, temperature: 1, seed: SEED, scope: 'sheet', policy: 'base' } as const;
  const texts = prompts.map(({ text }) => text);
  const answers = await complete(model, tokenizer, texts, call);
  const seen = faults(answers);
  const samples = presentUseCases.flatMap((useCase) =>
    prompts
      .map((prompt, i) => ({ prompt, answer: answers[i]?.text ?? '' }))
      .filter(({ prompt }) => prompt.useCase === useCase)
      .slice(0, 3)
      .map(
        ({ prompt, answer }) =>
          `**${useCase}** · ${prompt.text}\n\n${answer.trim().replace(/^/gm, '> ')}\n`,
      ),
  );
  const lines = [
    '# The base model',
    '',
    'Made by `npm run pretrain` from the seed alone (documents, vocabulary and weights; 15,000 steps of 12 x 256',
    'tokens, 61 minutes on two shared cores), measured and written here by `npm run model-sheet`. It is a GPT-2 in',
    'half precision under `public/models/base`. Corrected homework is among its documents: a task, an answer, an',
    "end mark, and a teacher's remark that names the answer's fault. It teaches what an answer owes to its task, and is",
    'why some bare instructions are answered instead of being followed by more of them (counted below).',
    '',
    '| what | measured |',
    '|---|---|',
    `| parameters | ${parameterCount(model.config).toLocaleString('en')} |`,
    `| vocabulary, context, width, layers, heads | ${model.config.vocabularySize}, ${model.config.contextLength}, ${model.config.width}, ${model.config.layers}, ${model.config.heads} |`,
    `| held-out loss, nats per token | ${measured.loss.toFixed(3)} |`,
    `| sentences accepted by the world's grammar, temperature 1 | ${percent(measured.fluent)} of ${measured.sentences} |`,
    `| claims in free text that are false in the world | ${percent(measured.untrue)} of ${measured.claims} |`,
    '',
    `Asked ${prompts.length} held-out prompts at temperature 1 it shows the faults that the paper starts from:`,
    '',
    '| fault | share of answers |',
    '|---|---|',
    `| goes on with another instruction or question | ${percent(seen.instructions)} |`,
    `| does not stop within ${shape.responseLength} tokens | ${percent(seen.unended)} |`,
    `| says something rude | ${percent(seen.rude)} |`,
    '',
    '## Samples, not chosen',
    '',
    ...samples,
  ];
  writeFileSync(given.out ?? 'docs/base-model.md', lines.join('\n'));
}

await runCommand(main);
