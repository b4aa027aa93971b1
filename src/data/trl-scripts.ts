/**
 * Python scripts that go on with a run by TRL: text made from the run's settings, with a comment wherever TRL does
 * otherwise. Nothing is run here; what lies beside them is packed by worker/trl-bundle.ts. Names are those of TRL 1.9.0,
 * read in its source; PPO, which is experimental there, is trl-ppo.ts.
 */
import { ppoSettings, rewardSettings, sftSettings } from '../config/stage-settings.ts';
import type { Settings } from '../config/settings.ts';
import { ppoScript } from './trl-ppo.ts';
import {
  CLOSING,
  cosine,
  lengthOf,
  opening,
  padded,
  py,
  tokenizerOf,
  trainingArguments,
  TRL_VERSION,
} from './trl-python.ts';

function sftScript(settings: Settings, run: string, model: string): string {
  const { epochs, batchSize, learningRate, finalShare, dropout, pretrainMix, seed, optimizer } =
    sftSettings(settings);
  const mix =
    pretrainMix > 0
      ? [`no pre-training text is mixed in; the run did, with a weight of ${py(pretrainMix)}.`]
      : [];
  return `${opening({
    ...{ does: 'Supervised fine-tuning on demonstrations.', run, model, out: 'out/sft' },
    differs: [
      'the last batch of an epoch may be smaller; the run fills it from the next epoch.',
      ...mix,
    ],
    imports: `
from datasets import load_dataset
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer`,
  })}
${tokenizerOf('options.model')}
config = AutoConfig.from_pretrained(options.model)
# Dropout on the residual stream alone, as in the paper; the name is that of GPT-2.
if hasattr(config, "resid_pdrop"):
    config.resid_pdrop = ${py(dropout)}
model = AutoModelForCausalLM.from_pretrained(options.model, config=config)
${padded('model')}
# Columns prompt and completion: the loss is on the completion and the end that TRL puts behind it.
demonstrations = load_dataset("json", data_files="data/demonstrations.jsonl", split="train")

arguments = SFTConfig(
    output_dir=options.out,
    num_train_epochs=${py(epochs)},
    per_device_train_batch_size=${batchSize},
    learning_rate=${py(learningRate)},
${cosine(finalShare)}    max_length=${lengthOf(settings)},
${trainingArguments(optimizer, seed)})
trainer = SFTTrainer(
    model=model, args=arguments, train_dataset=demonstrations, processing_class=tokenizer
)
${CLOSING}`;
}

function rewardScript(settings: Settings, run: string, model: string): string {
  const { labels, reward } = settings;
  const { epochs, promptsPerBatch, learningRate, finalShare, seed, optimizer } =
    rewardSettings(settings);
  const pairs = (labels.k * (labels.k - 1)) / 2;
  return `${opening({
    ...{ does: 'A reward model from preferences.', run, model, out: 'out/reward' },
    differs: [
      'comparisons are shuffled one by one; in the run those of a prompt stay together (paper, section 3.5).',
      'every comparison weighs the same; in the run every prompt does.',
      'every answer ends with EOS here; in the run one that was cut does not.',
      'the score has no bias; the run shifts it so that demonstrations score 0, which changes no ranking.',
    ],
    imports: `import random

import torch
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from trl import RewardConfig, RewardTrainer`,
  })}
${tokenizerOf('options.model')}
# The head of the language model is put away, and a new one for the score is drawn.
model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=1)
${padded('model')}torch.manual_seed(${seed})
torch.nn.init.normal_(model.score.weight, std=(model.score.weight.shape[1] + 1) ** -0.5)

preferences = load_dataset("json", data_files="data/preferences.jsonl", split="train")
# By prompt, so that none is on both sides; the run holds out users where it knows them.
prompts = sorted(set(preferences["prompt"]))
random.Random(${seed}).shuffle(prompts)
kept = set(prompts[round(len(prompts) * ${py(reward.heldOutShare)}):])
training = preferences.filter(lambda row: row["prompt"] in kept)
held_out = preferences.filter(lambda row: row["prompt"] not in kept)

arguments = RewardConfig(
    output_dir=options.out,
    num_train_epochs=${py(epochs)},
    # ${promptsPerBatch} prompts with ${pairs} comparisons each, were there no ties.
    per_device_train_batch_size=${promptsPerBatch * pairs},
    learning_rate=${py(learningRate)},
${cosine(finalShare)}    max_length=${lengthOf(settings)},
    eval_strategy="epoch" if len(held_out) > 0 else "no",
${trainingArguments(optimizer, seed)})
trainer = RewardTrainer(
    model=model,
    args=arguments,
    train_dataset=training,
    eval_dataset=held_out if len(held_out) > 0 else None,
    processing_class=tokenizer,
)
${CLOSING}`;
}

function dpoScript(settings: Settings, run: string, model: string): string {
  const { method, ppo, general } = settings;
  const { optimizer } = ppoSettings(settings);
  const ipo =
    method.dpoLoss === 'ipo'
      ? ['IPO divides log ratios by the tokens of the answer; the run takes their sum.']
      : [];
  return `${opening({
    ...{ does: 'DPO on preferences.', run, model, out: 'out/dpo' },
    differs: ['every answer ends with EOS here; in the run one that was cut does not.', ...ipo],
    imports: `
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer`,
  })}
${tokenizerOf('options.model')}
model = AutoModelForCausalLM.from_pretrained(options.model)
# Where the policy begins, as in the run.
reference = AutoModelForCausalLM.from_pretrained(options.model)
${padded('model')}${padded('reference')}
preferences = load_dataset("json", data_files="data/preferences.jsonl", split="train")

arguments = DPOConfig(
    output_dir=options.out,
    beta=${py(ppo.beta)},
    loss_type=["${method.dpoLoss}"],
    num_train_epochs=${py(method.dpoEpochs)},
    per_device_train_batch_size=${method.dpoBatchSize},
    learning_rate=${py(ppo.policyLearningRate)},
    lr_scheduler_type="linear",
    warmup_steps=0,
    max_length=${lengthOf(settings)},
${trainingArguments(optimizer, general.seed)})
trainer = DPOTrainer(
    model=model,
    ref_model=reference,
    args=arguments,
    train_dataset=preferences,
    processing_class=tokenizer,
)
${CLOSING}`;
}

/** Folders of models that the scripts begin with; null where there is none yet. */
export interface ScriptModels {
  readonly policy: string | null;
  readonly sft: string | null;
  readonly reward: string | null;
}

/** What TRL itself needs comes with it. */
const REQUIREMENTS = `# Read in this version's source; it needs transformers >= 4.56.2 and datasets >= 4.7.0, which come with it.
trl==${TRL_VERSION}
`;

/** The scripts and the list of what they need, by file name. `run` is its name, in any writing. */
export function trlScripts(
  settings: Settings,
  run: string,
  { policy, sft, reward }: ScriptModels,
): ReadonlyMap<string, string> {
  const start = sft ?? policy ?? 'out/sft';
  const models = { policy: policy ?? start, sft: start, reward: reward ?? 'out/reward' };
  return new Map([
    ['requirements.txt', REQUIREMENTS],
    ['sft.py', sftScript(settings, run, start)],
    ['reward.py', rewardScript(settings, run, start)],
    ['dpo.py', dpoScript(settings, run, models.policy)],
    ['ppo.py', ppoScript(settings, run, models)],
  ]);
}
