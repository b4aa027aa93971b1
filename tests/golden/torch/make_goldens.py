"""Writes the reference numbers of this folder (README.md says what each file holds): one JSON file per quantity,
from the model and steps of gpt2.py in float32. Prints how far float32 is from float64 here, the size of difference
that rounding alone explains. Usage: python3 make_goldens.py
"""
import json
import math
import platform
from pathlib import Path

import numpy as np
import torch

from gpt2 import (CONFIG, EOS, adamw, initial_weights, language_model_loss, logits, numbers, one_step, policy_loss,
                  response_distribution, response_log_probabilities, reward_loss, score, sft_loss, step, trainable,
                  value_loss, values, whitened)

HERE = Path(__file__).parent
ADAM = {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-5, "weightDecay": 0.1}
SETTINGS = {
    "shape": {"promptLength": 4, "responseLength": 5},
    "temperature": 0.8,
    "sft": {"learningRate": 1e-2, "optimizer": {**ADAM, "maxGradientNorm": 1}},
    "reward": {"learningRate": 1e-2, "optimizer": {**ADAM, "maxGradientNorm": 1}},
    "adamw": {"steps": 20, "learningRate": 3e-3, "finalShare": 0.1, "optimizer": {**ADAM, "maxGradientNorm": 1}},
    "ppo": {"policyLearningRate": 1e-2, "valueLearningRate": 5e-3, "clip": 0.2, "valueClip": 0.3,
            "ptxCoefficient": 1.5, "optimizer": {**ADAM, "maxGradientNorm": 0.5}},
    "ppoRun": {"iterations": 20, "rolloutBatch": 16, "minibatches": 2, "policyLearningRate": 2e-3,
               "valueLearningRate": 2e-3, "warmupIterations": 10, "clip": 0.2, "valueClip": 0.2,
               "ptxCoefficient": 0.5, "beta": 0.05, "gamma": 1, "lambda": 0.95, "missingEos": 1, "emaDecay": 0.9,
               "optimizer": {**ADAM, "weightDecay": 0, "maxGradientNorm": 1}},
}


# ---- Single steps.

def forward(weights, rows, dtype):
    w = trainable(weights, "scalar", dtype)
    temperature = SETTINGS["temperature"]
    log_softmax = [response_distribution(w, row, temperature) for row in rows]
    return {
        "logits": [numbers({"": logits(w, row["prompt"] + row["response"])})[""] for row in rows],
        "logProbabilities": numbers({"": torch.cat(
            [p[range(len(row["response"])), row["response"]] for p, row in zip(log_softmax, rows)])})[""],
        "entropies": numbers({"": torch.cat([-(p.exp() * p).sum(dim=1) for p in log_softmax])})[""],
        "values": numbers({"": torch.cat([values(w, row) for row in rows])})[""],
        "scores": numbers({"": torch.stack([score(w, row) for row in rows])})[""],
    }


def adamw_run(weights, rows, dtype):
    """Full-batch SFT with decay and clipping; the rate falls along half a cosine to a tenth."""
    settings = SETTINGS["adamw"]
    w = trainable(weights, "language", dtype)
    optimizer = adamw(w, settings["optimizer"])
    losses, norms = [], []
    for i in range(settings["steps"]):
        share = settings["finalShare"]
        factor = share + (1 - share) * (1 + math.cos(math.pi * i / settings["steps"])) / 2
        loss = sft_loss(w, rows)
        losses.append(loss.item())
        norms.append(step(w, optimizer, settings["optimizer"], settings["learningRate"] * factor, loss)[0])
    moments = {name: optimizer.state[p] for name, p in w.items()}
    return {"losses": losses, "gradNorms": norms, "after": numbers(w),
            "first": numbers({name: m["exp_avg"] for name, m in moments.items()}),
            "second": numbers({name: m["exp_avg_sq"] for name, m in moments.items()})}


def ppo_rollout(weights, rows, rng):
    """Per row: old log-probabilities, old values, advantages and returns that reach every branch of both clips."""
    language, scalar = (trainable(weights, head, torch.float64) for head in ("language", "scalar"))
    rollout = []
    for b, row in enumerate(rows):
        R = len(row["response"])
        with torch.no_grad():
            now = response_log_probabilities(language, row, SETTINGS["temperature"]).numpy()
            value = values(scalar, row).numpy()
        arrays = {
            "oldLogProbabilities": now - np.roll([0.05, 0.6, -0.6, -0.05, 0.3, -0.4], b)[:R],
            "oldValues": value + np.roll([0.1, 0.8, -0.1, -0.9, 0.2], b)[:R],
            "advantages": rng.standard_normal(R),
            "returns": value + 1.5 * rng.standard_normal(R),
        }
        rollout.append({**row, **{name: x.astype(np.float32) for name, x in arrays.items()}})
    return rollout


def joined(rows, name, dtype):
    return torch.cat([torch.as_tensor(row[name]).to(dtype) for row in rows])


def ppo_update(weights, rows, ptx_rows, dtype):
    """One PPO-ptx step of the policy and one step of the value function, advantages whitened over the rows."""
    settings = SETTINGS["ppo"]
    policy = trainable(weights, "language", dtype)
    now = torch.cat([response_log_probabilities(policy, row, SETTINGS["temperature"]) for row in rows])
    old = joined(rows, "oldLogProbabilities", dtype)
    ppo = policy_loss(now, old, whitened(joined(rows, "advantages", dtype)), settings["clip"])
    ptx = language_model_loss(policy, ptx_rows)
    optimizer = settings["optimizer"]
    norm, gradients = step(policy, adamw(policy, optimizer), optimizer, settings["policyLearningRate"],
                           ppo, settings["ptxCoefficient"] * ptx)
    critic = one_step(weights, "scalar", dtype, optimizer, settings["valueLearningRate"], lambda w: value_loss(
        torch.cat([values(w, row) for row in rows]), joined(rows, "oldValues", dtype),
        joined(rows, "returns", dtype), settings["valueClip"]))
    return {"policy": {"loss": ppo.item(), "ptxLoss": ptx.item(), "gradNorm": norm, "gradients": gradients,
                       "after": numbers(policy)}, "value": critic}


def experience(models, rows):
    """Rewards, GAE advantages and returns of one batch of recorded responses; and what the batch says as a whole."""
    s = SETTINGS["ppoRun"]
    rollout, kl, entropy, scores = [], [], [], []
    with torch.no_grad():
        for row in rows:
            old = response_log_probabilities(models["policy"], row, SETTINGS["temperature"])
            reference = response_log_probabilities(models["reference"], row, SETTINGS["temperature"])
            value = values(models["value"], row)
            total = score(models["reward"], row) - (0 if row["response"][-1] == EOS else s["missingEos"])
            rewards = -s["beta"] * (old - reference)
            rewards[-1] += total
            advantages = torch.zeros_like(rewards)
            for t in reversed(range(len(rewards))):
                last = t == len(rewards) - 1
                delta = rewards[t] + (0 if last else s["gamma"] * value[t + 1]) - value[t]
                advantages[t] = delta + (0 if last else s["gamma"] * s["lambda"] * advantages[t + 1])
            rollout.append({**row, "oldLogProbabilities": old, "oldValues": value, "advantages": advantages,
                            "returns": advantages + value})
            kl.append((old - reference).sum().item())
            entropy.append(-old.sum().item())
            scores.append(total.item())
    means = {"objective/kl": np.mean(kl), "objective/entropy": np.mean(entropy), "objective/scores": np.mean(scores)}
    return rollout, {**means, "objective/rlhf_reward": np.mean(scores) - s["beta"] * np.mean(kl)}


def ppo_minibatch(models, optimizers, rows, ptx_rows, factor, dtype):
    """One step of policy and value function; metrics from before the step."""
    s = SETTINGS["ppoRun"]
    old, old_values, raw, returns = (joined(rows, name, dtype) for name in
                                     ("oldLogProbabilities", "oldValues", "advantages", "returns"))
    policy, value = models["policy"], models["value"]
    now = torch.cat([response_log_probabilities(policy, row, SETTINGS["temperature"]) for row in rows])
    ppo, ptx = policy_loss(now, old, whitened(raw), s["clip"]), language_model_loss(policy, ptx_rows)
    norm, _ = step(policy, optimizers["policy"], s["optimizer"], s["policyLearningRate"] * factor,
                   ppo, s["ptxCoefficient"] * ptx)
    vf = value_loss(torch.cat([values(value, row) for row in rows]), old_values, returns, s["valueClip"])
    value_norm, _ = step(value, optimizers["value"], s["optimizer"], s["valueLearningRate"] * factor, vf)
    with torch.no_grad():
        for name, average in models["ema"].items():
            average.mul_(s["emaDecay"]).add_(policy[name], alpha=1 - s["emaDecay"])
    return {"loss/policy_avg": ppo.item(), "loss/value_avg": vf.item(), "loss/ptx_avg": ptx.item(),
            "policy/grad_norm": norm, "val/grad_norm": value_norm,
            "policy/approxkl_avg": 0.5 * ((now - old) ** 2).mean().item()}


def ppo_run(weights, recorded, dtype):
    """A whole PPO-ptx run on the responses that a run of the program drew: series, and norms of the last weights."""
    s = SETTINGS["ppoRun"]
    heads = {"policy": "language", "reference": "language", "ema": "language", "value": "scalar", "reward": "scalar"}
    models = {name: trainable(weights, head, dtype) for name, head in heads.items()}
    optimizers = {name: adamw(models[name], s["optimizer"]) for name in ("policy", "value")}
    size = s["rolloutBatch"] // s["minibatches"]
    warmup = min(s["warmupIterations"], s["iterations"] // 10)
    records, updates = [], 0
    for i, (rows, order) in enumerate(zip(recorded["responses"], recorded["orders"])):
        rollout, record = experience(models, rows)
        factor = min(1, 0.1 + 0.9 * i / warmup)
        done = []
        for m in range(s["minibatches"]):
            chosen = [rollout[b] for b in order[m * size:(m + 1) * size]]
            metrics = ppo_minibatch(models, optimizers, chosen, recorded["ptx"][updates], factor, dtype)
            done.append((sum(len(row["response"]) for row in chosen), metrics))
            updates += 1
        live = sum(weight for weight, _ in done)
        for name in done[0][1]:
            record[name] = sum(weight * metrics[name] for weight, metrics in done) / live
        records.append(record)
    ends = {name: {k: np.linalg.norm(x) for k, x in numbers(models[name]).items()}
            for name in ("policy", "value", "ema")}
    return {"series": {name: [record[name] for record in records] for name in records[0]}, "norms": ends}


# ---- Data, rounding, output.

def random_rows(rng, count):
    """Prompts of 1 to 4 tokens; responses of 1 to 5, the odd ones ended by EOS."""
    rows = []
    for b in range(count):
        response = rng.integers(0, 11, 1 + b % 5).tolist()
        if b % 2 == 1:
            response[-1] = EOS
        rows.append({"prompt": rng.integers(0, 11, 1 + (3 * b) % 4).tolist(), "response": response})
    return rows


def random_rankings(rng):
    """K = 4 with a tie, 2, and 3 without one."""
    rankings = []
    for ranks in ([2, 1, 2, 3], [2, 1], [1, 3, 2]):
        responses = [row["response"] for row in random_rows(rng, len(ranks))]
        rankings.append({"prompt": rng.integers(0, 11, len(ranks)).tolist(), "responses": responses, "ranks": ranks})
    return rankings


def relative(actual, expected):
    return float(np.linalg.norm(np.subtract(actual, expected)) / max(np.linalg.norm(expected), 1e-12))


def worst(single, double, path=""):
    """Largest relative difference of float32 from float64 over all tensors; those that are exactly 0 left out."""
    if isinstance(single, dict):
        return max(worst(single[k], double[k], f"{path}/{k}") for k in single)
    if isinstance(single, list) and isinstance(single[0], (dict, np.ndarray)):
        return max(worst(a, b, path) for a, b in zip(single, double))
    return (0.0, path) if np.linalg.norm(double) < 1e-10 else (relative(single, double), path)


def plain(x):
    """For JSON; floats as the shortest text that gives the same float32."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, (float, np.floating)):
        return float(str(np.float32(x)))
    return x


def write(name, content):
    (HERE / name).write_text(json.dumps(content, separators=(",", ":")).replace('],"', '],\n"') + "\n")


def main():
    torch.set_num_threads(1)
    rng = np.random.default_rng(20220304)
    weights = initial_weights(rng)
    rows, rankings = random_rows(rng, 8), random_rankings(rng)
    rollout, minibatch = ppo_rollout(weights, random_rows(rng, 10), rng), [9, 0, 3, 6, 1, 8, 4, 2]
    ptx = rng.integers(0, 13, (2, 8)).tolist()
    chosen = [rollout[b] for b in minibatch]
    made = {
        "forward": lambda t: forward(weights, rows, t),
        "sft": lambda t: one_step(weights, "language", t, SETTINGS["sft"]["optimizer"],
                                  SETTINGS["sft"]["learningRate"], lambda w: sft_loss(w, rows)),
        "reward": lambda t: {divisor: one_step(
            weights, "scalar", t, SETTINGS["reward"]["optimizer"], SETTINGS["reward"]["learningRate"],
            lambda w: reward_loss(w, rankings, divisor)) for divisor in ("all-pairs", "kept-pairs")},
        "ppo": lambda t: ppo_update(weights, chosen, ptx, t),
        "adamw": lambda t: adamw_run(weights, rows, t),
    }
    recorded = HERE / "responses.json"
    if recorded.exists():
        made["ppo-run"] = lambda t: ppo_run(weights, json.loads(recorded.read_text()), t)
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    inputs = {"versions": versions, "config": CONFIG, "settings": SETTINGS, "rows": rows, "rankings": rankings,
              "rollout": plain(rollout), "minibatch": minibatch, "ptx": ptx, "weights": plain(numbers_of(weights))}
    write("inputs.json", inputs)
    for name, make in made.items():
        single, double = make(torch.float32), make(torch.float64)
        difference, where = worst(single, double)
        print(f"{name}: float32 differs from float64 by at most {difference:.1e} ({where})")
        write(f"{name}.json", plain(single))


def numbers_of(weights):
    return {name: value.reshape(-1) for name, value in weights.items()}


if __name__ == "__main__":
    main()
