/**
 * The Python script that goes on with PPO by TRL, whose PPO is experimental: text made from the run's settings, with a
 * comment for everything that TRL does otherwise or not at all. Names are those of TRL 1.9.0.
 */
import { ppoSettings } from '../config/stage-settings.ts';
import type { Settings } from '../config/settings.ts';
import { CLOSING, opening, padded, py, pyBoolean, tokenizerOf } from './trl-python.ts';

type Ppo = ReturnType<typeof ppoSettings>;

function klDifferences({ klPlace, klEstimator, adaptiveKl }: Ppo): string[] {
  const lines: string[] = [];
  if (klPlace === 'loss') {
    lines.push('the KL is charged in the reward; the run charged it as a part of the loss.');
  }
  if (klEstimator === 'k2') lines.push('the KL is estimated by k1; the run used k2.');
  if (adaptiveKl !== null) {
    lines.push(
      `beta stays as it is; the run steered it towards a KL of ${py(adaptiveKl.target)} nats.`,
    );
  }
  return lines;
}

/** What of the run TRL's PPO does otherwise, a line each. */
function differences(settings: Ppo): readonly string[] {
  const { ptxCoefficient, ptxTargetRatio, missingEos, optimizer, whitenAdvantages } = settings;
  const lines = klDifferences(settings);
  if (ptxCoefficient > 0 || ptxTargetRatio > 0) {
    lines.push(
      `no pre-training text is mixed in (PPO-ptx); the run did, with coefficient ${py(ptxCoefficient)}.`,
    );
  }
  if (settings.emaDecay > 0) {
    lines.push(
      `no average of the weights is kept; the run's had a decay of ${py(settings.emaDecay)}.`,
    );
  }
  if (Number.isFinite(optimizer.maxGradientNorm)) {
    lines.push(
      `gradients are not shortened; the run's were, to a norm of ${py(optimizer.maxGradientNorm)}.`,
    );
  }
  lines.push(
    `advantages are whitened over the whole batch, by Bessel's variance; in the run: ${
      whitenAdvantages ? `${settings.whitenScope}, ${settings.whitenVariance}` : 'not at all'
    }.`,
  );
  if (settings.scorePosition !== 'after-last') {
    lines.push('the score is paid one place after EOS; in the run on the last token.');
  }
  if (missingEos.kind === 'replace') {
    lines.push('the penalty for not ending is subtracted; in the run it replaced the score.');
  }
  if (settings.entropyBonus > 0) {
    lines.push(`there is no entropy bonus; the run's was ${py(settings.entropyBonus)}.`);
  }
  if (settings.valueTrunk === 'shared') {
    lines.push(
      'the value function is a model of its own; in the run it shared that of the policy.',
    );
  }
  return lines;
}

function ppoArguments(ppo: Ppo): string {
  const { missingEos, klPlace, klEstimator } = ppo;
  const penalty = missingEos.kind === 'none' ? 'None' : py(Math.abs(missingEos.value));
  const estimator = klPlace === 'reward' && klEstimator === 'k3' ? 'k3' : 'k1';
  return `    total_episodes=${ppo.episodes},
    # One batch of rollouts, split into minibatches for each inner epoch.
    per_device_train_batch_size=${ppo.rolloutBatch},
    gradient_accumulation_steps=1,
    num_mini_batches=${ppo.minibatches},
    num_ppo_epochs=${ppo.innerEpochs},
    response_length=${ppo.shape.responseLength},
    stop_token="eos",
    temperature=${py(ppo.temperature)},
    missing_eos_penalty=${penalty},
    kl_coef=${py(ppo.beta)},
    kl_estimator="${estimator}",
    whiten_rewards=${pyBoolean(ppo.whitenRewards)},
    gamma=${py(ppo.gamma)},
    lam=${py(ppo.lambda)},
    cliprange=${py(ppo.clip)},
    cliprange_value=${py(ppo.valueClip)},
    # The value function is a model of its own with its own learning rate: no other weight is needed.
    vf_coef=1.0,
    num_sample_generations=0,
    seed=${ppo.seed},
    bf16=False,
    gradient_checkpointing=False,
    logging_steps=1,
    report_to="none",
`;
}

const TRAINER = `trainer = PPOTrainer(
    args=arguments,
    processing_class=tokenizer,
    model=policy,
    ref_model=reference,
    reward_model=reward,
    value_model=value,
    train_dataset=prompts,
    eval_dataset=prompts.select(range(min(64, len(prompts)))),
    optimizers=(optimizer, scheduler),
)
${CLOSING}`;

/** Two parameter groups, because policy and value function have learning rates of their own. */
function optimizerOf({ policyLearningRate, valueLearningRate, warmupIterations, ...rest }: Ppo) {
  const { beta1, beta2, epsilon, weightDecay } = rest.optimizer;
  // As the run: never longer than a tenth of it.
  const iterations = Math.floor(rest.episodes / rest.rolloutBatch);
  const warmup = Math.min(warmupIterations, Math.floor(iterations / 10));
  const factor =
    warmup > 0 ? `lambda step: min(1.0, 0.1 + 0.9 * step / ${warmup})` : 'lambda step: 1.0';
  return `optimizer = torch.optim.AdamW(
    [
        {"params": policy.parameters(), "lr": ${py(policyLearningRate)}},
        {"params": value.parameters(), "lr": ${py(valueLearningRate)}},
    ],
    betas=(${py(beta1)}, ${py(beta2)}),
    eps=${py(epsilon)},
    weight_decay=${py(weightDecay)},
)
# Constant after a warm-up from a tenth of the peak.
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, ${factor})
`;
}

/** `models` are the defaults of its options: folders, or where another script leaves a model. */
export function ppoScript(
  settings: Settings,
  run: string,
  models: { readonly policy: string; readonly sft: string; readonly reward: string },
): string {
  const ppo = ppoSettings(settings);
  return `${opening({
    ...{ does: 'PPO against a reward model.', run, model: models.policy, out: 'out/ppo' },
    differs: differences(ppo),
    imports: `
import torch
from datasets import load_dataset
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)
from trl.experimental.ppo import PPOConfig, PPOTrainer`,
    more: `parser.add_argument("--reference", default="${models.sft}")
parser.add_argument("--reward", default="${models.reward}")
`,
  })}
${tokenizerOf('options.model', true)}
policy = AutoModelForCausalLM.from_pretrained(options.model)
# The KL is measured from here.
reference = AutoModelForCausalLM.from_pretrained(options.reference)
reward = AutoModelForSequenceClassification.from_pretrained(options.reward, num_labels=1)
# The value function starts from the reward model.
value = AutoModelForSequenceClassification.from_pretrained(options.reward, num_labels=1)
for model in (policy, reference, reward, value):
${padded('model')
  .split('\n')
  .map((line) => (line === '' ? '' : `    ${line}`))
  .join('\n')}

def tokenize(rows):
    return {"input_ids": tokenizer(rows["prompt"])["input_ids"]}


prompts = load_dataset("json", data_files="data/prompts.jsonl", split="train")
prompts = prompts.map(tokenize, batched=True, remove_columns=prompts.column_names)
prompts = prompts.filter(lambda row: len(row["input_ids"]) <= ${ppo.shape.promptLength})

${optimizerOf(ppo)}
arguments = PPOConfig(
    output_dir=options.out,
${ppoArguments(ppo)})
${TRAINER}`;
}
