/**
 * Pieces of the Python scripts that go on with a run by TRL: how they open, what they load, arguments that their trainers
 * share. Text only; the scripts are trl-scripts.ts and trl-ppo.ts.
 */
import type { sftSettings } from '../config/stage-settings.ts';
import type { Settings } from '../config/settings.ts';

/** The version whose names the scripts use. */
export const TRL_VERSION = '1.9.0';

/** A number as Python writes it. */
export function py(value: number): string {
  return Number.isFinite(value) ? String(value) : `float("${value > 0 ? '' : '-'}inf")`;
}

/** A truth value as Python writes it. */
export const pyBoolean = (value: boolean): string => (value ? 'True' : 'False');

/** Text that cannot end the comment it stands in. */
function inComment(text: string): string {
  return JSON.stringify(text);
}

interface Opening {
  /** What the script does, one line. */
  readonly does: string;
  readonly run: string;
  /** Lines with what TRL does otherwise. */
  readonly differs: readonly string[];
  readonly imports: string;
  /** Default of `--model` and of `--out`, and arguments of its own. */
  readonly model: string;
  readonly out: string;
  readonly more?: string;
}

/** Docstring, differences, imports and options. */
export function opening({ does, run, differs, imports, model, out, more = '' }: Opening): string {
  return `"""${does} With TRL ${TRL_VERSION}.

On a larger model: --model NAME, a folder or the name of a model that transformers can load.
"""
# Hyperparameters are those of the run ${inComment(run)}.
# TRL differs from it:
${differs.map((line) => `# - ${line}\n`).join('')}
import argparse
${imports}

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--model", default="${model}")
parser.add_argument("--out", default="${out}")
${more}options = parser.parse_args()
`;
}

/** Loads the tokenizer; `left` pads on the left, as generation needs. */
export function tokenizerOf(model: string, left = false): string {
  const side = left ? ', padding_side="left"' : '';
  return `tokenizer = AutoTokenizer.from_pretrained(${model}${side})
# Padding must not look like the end: a model that is trained so never learns to end.
added = tokenizer.add_special_tokens({"pad_token": "<|pad|>"}) if tokenizer.pad_token is None else 0
`;
}

/** Makes room for an added padding token. */
export function padded(model: string): string {
  return `if added > 0:
    ${model}.resize_token_embeddings(len(tokenizer))
${model}.config.pad_token_id = tokenizer.pad_token_id
`;
}

type Optimizer = ReturnType<typeof sftSettings>['optimizer'];

/** Arguments that all trainers but PPO's share. */
export function trainingArguments(
  { beta1, beta2, epsilon, weightDecay, maxGradientNorm }: Optimizer,
  seed: number,
): string {
  return `    adam_beta1=${py(beta1)},
    adam_beta2=${py(beta2)},
    adam_epsilon=${py(epsilon)},
    weight_decay=${py(weightDecay)},
    max_grad_norm=${Number.isFinite(maxGradientNorm) ? py(maxGradientNorm) : '0'},  # 0: gradients are not shortened
    seed=${seed},
    bf16=False,
    gradient_checkpointing=False,
    logging_steps=1,
    report_to="none",
`;
}

/** A cosine down to a share of the peak, without warm-up. */
export const cosine = (finalShare: number): string => `    lr_scheduler_type="cosine_with_min_lr",
    lr_scheduler_kwargs={"min_lr_rate": ${py(finalShare)}},
    warmup_steps=0,
`;

/** Most tokens of prompt and answer together. */
export function lengthOf({ general }: Settings): number {
  return general.maxPromptTokens + general.maxResponseTokens;
}

/** The last lines of every script: training, and saving what came of it. */
export const CLOSING = `trainer.train()
trainer.save_model(options.out)
tokenizer.save_pretrained(options.out)
`;
