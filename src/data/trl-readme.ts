/** The README of the bundle that goes on with a run by TRL: what is in it, how it is run, what to know. Text only. */
import { TRL_VERSION } from './trl-python.ts';
import type { ScriptModels } from './trl-scripts.ts';

export interface BundleFacts {
  readonly run: string;
  readonly checkpoint: string;
  readonly models: ScriptModels;
  /** Rows of each file of data. */
  readonly demonstrations: number;
  readonly preferences: number;
  readonly prompts: number;
  /** Settings that were turned while the run was under way, a line each. */
  readonly turned: readonly string[];
}

/** Text that cannot be read as markup or as another line. */
function plain(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ').replaceAll(/([\\`*_[\]<>#|])/g, '\\$1');
}

function modelLines({ policy, sft, reward }: ScriptModels): string {
  const rows = [
    [policy, 'the checkpoint, a GPT2LMHeadModel'],
    [sft, 'the model trained on demonstrations: where PPO measures the KL from'],
    [reward, 'the reward model, a GPT2ForSequenceClassification with one label'],
  ] as const;
  return rows
    .flatMap(([folder, words]) => (folder === null ? [] : [`- \`${folder}\`: ${words}\n`]))
    .join('');
}

export function trlReadme(facts: BundleFacts): string {
  const { run, checkpoint, models, demonstrations, preferences, prompts, turned } = facts;
  const turns =
    turned.length === 0
      ? ''
      : `
The scripts have the settings that the run began with. While it was under way these were turned:

${turned.map((line) => `- ${plain(line)}\n`).join('')}`;
  return `# ${plain(checkpoint)}, to go on with TRL

From the run ${plain(run)} of RLHF Playground. Everything here is plain files; nothing is fetched from anywhere until you
name a model that is not in this folder.

## Run it

\`\`\`sh
python -m venv venv && . venv/bin/activate
pip install -r requirements.txt
python sft.py                        # on demonstrations, into out/sft
python reward.py --model out/sft     # on preferences, into out/reward
python ppo.py --model out/sft --reference out/sft --reward out/reward
python dpo.py --model out/sft        # instead of reward.py and ppo.py
\`\`\`

Without options each script goes on from the models of this folder. For a larger model begin with
\`python sft.py --model NAME\`: SFT, reward model and policy must come from the same one, because they share a tokenizer.
The learning rates suit a model of this size; a larger one wants smaller ones (paper: 9.65e-6 for SFT at 1.3B).

## What is here

${modelLines(models)}- \`data/demonstrations.jsonl\`: ${demonstrations} rows of prompt and completion
- \`data/preferences.jsonl\`: ${preferences} rows of prompt, chosen and rejected
- \`data/prompts.jsonl\`: ${prompts} prompts for PPO
- \`settings.json\`: all settings of the run
- \`sft.py\`, \`reward.py\`, \`dpo.py\`, \`ppo.py\`: scripts for TRL ${TRL_VERSION}, with the hyperparameters of the run; each begins
  with what TRL does otherwise
${turns}
## To know

- Every prompt ends with a line break, which is where the models of this folder begin to answer.
- PAD and EOS are different tokens. Keep it so: a model that is padded with its end never learns to end.
- The reward model scores as it does in the page: the bias of its head is folded into the last layer norm, since
  transformers has none there.
- PPO is experimental in TRL, and another version may call things otherwise.
`;
}
