"""A tiny GPT-2 and the losses and steps of the paper, by PyTorch's own operators, autograd, AdamW and gradient
clipping. Not a port of the TypeScript: every row is computed alone and without any padding, so that equality with
the left-padded batches there also says that padding changes nothing. Used by make_goldens.py.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

CONFIG = {"vocabularySize": 13, "contextLength": 12, "width": 8, "layers": 2, "heads": 2,
          "layerNormEpsilon": 1e-5, "padId": 11, "eosId": 12}
V, C, D, L, H = (CONFIG[k] for k in ("vocabularySize", "contextLength", "width", "layers", "heads"))
EPSILON, EOS = CONFIG["layerNormEpsilon"], CONFIG["eosId"]


# ---- The model: named tensors, GPT-2's layout (linear weights are [in, out]).

def shapes():
    result = {"wte.weight": (V, D), "wpe.weight": (C, D)}
    for layer in range(L):
        block = f"h.{layer}."
        result |= {f"{block}ln_1.weight": (D,), f"{block}ln_1.bias": (D,),
                   f"{block}attn.c_attn.weight": (D, 3 * D), f"{block}attn.c_attn.bias": (3 * D,),
                   f"{block}attn.c_proj.weight": (D, D), f"{block}attn.c_proj.bias": (D,),
                   f"{block}ln_2.weight": (D,), f"{block}ln_2.bias": (D,),
                   f"{block}mlp.c_fc.weight": (D, 4 * D), f"{block}mlp.c_fc.bias": (4 * D,),
                   f"{block}mlp.c_proj.weight": (4 * D, D), f"{block}mlp.c_proj.bias": (D,)}
    return result | {"ln_f.weight": (D,), "ln_f.bias": (D,), "score.weight": (1, D), "score.bias": (1,)}


def initial_weights(rng):
    """Float32 values, large enough that every part of a gradient shows."""
    weights = {}
    for name, shape in shapes().items():
        gain = 1.0 if "ln_" in name and name.endswith("weight") else 0.0
        spread = 0.5 if name in ("wte.weight", "score.weight") else 0.25
        weights[name] = (gain + spread * rng.standard_normal(shape)).astype(np.float32)
    return weights


def trainable(weights, head, dtype):
    """Leaf tensors of a language model (no score.*) or of a model with a scalar head."""
    return {name: torch.tensor(value, dtype=dtype, requires_grad=True)
            for name, value in weights.items() if head == "scalar" or not name.startswith("score.")}


def layer_norm(w, prefix, x):
    return F.layer_norm(x, (D,), w[f"{prefix}.weight"], w[f"{prefix}.bias"], EPSILON)


def linear(w, prefix, x):
    return x @ w[f"{prefix}.weight"] + w[f"{prefix}.bias"]


def hidden(w, tokens):
    """Hidden states [T, D] of one row after the last layer norm."""
    T = len(tokens)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    x = w["wte.weight"][torch.tensor(tokens)] + w["wpe.weight"][:T]
    for layer in range(L):
        block = f"h.{layer}."
        qkv = linear(w, f"{block}attn.c_attn", layer_norm(w, f"{block}ln_1", x))
        heads = []
        for q, k, v in zip(*(part.split(D // H, dim=1) for part in qkv.split(D, dim=1))):
            scores = (q @ k.T / math.sqrt(D // H)).masked_fill(future, -math.inf)
            heads.append(torch.softmax(scores, dim=1) @ v)
        x = x + linear(w, f"{block}attn.c_proj", torch.cat(heads, dim=1))
        inner = F.gelu(linear(w, f"{block}mlp.c_fc", layer_norm(w, f"{block}ln_2", x)), approximate="tanh")
        x = x + linear(w, f"{block}mlp.c_proj", inner)
    return layer_norm(w, "ln_f", x)


def logits(w, tokens):
    return hidden(w, tokens) @ w["wte.weight"].T


def response_distribution(w, row, temperature):
    """Log-softmax [R, V] over the token that follows each state of the response."""
    prompt, response = row["prompt"], row["response"]
    states = slice(len(prompt) - 1, len(prompt) + len(response) - 1)
    return F.log_softmax(logits(w, prompt + response)[states] / temperature, dim=1)


def response_log_probabilities(w, row, temperature=1.0):
    return response_distribution(w, row, temperature)[range(len(row["response"])), row["response"]]


def scalars(w, tokens):
    return F.linear(hidden(w, tokens), w["score.weight"], w["score.bias"])[:, 0]


def values(w, row):
    """Value of the state in which each response token is chosen, [R]."""
    return scalars(w, row["prompt"] + row["response"])[len(row["prompt"]) - 1:-1]


def score(w, row):
    return scalars(w, row["prompt"] + row["response"])[-1]


# ---- Losses.

def sft_loss(w, rows):
    """Mean over all response tokens of the batch (D42)."""
    return -torch.cat([response_log_probabilities(w, row) for row in rows]).mean()


def language_model_loss(w, rows):
    return torch.stack([F.cross_entropy(logits(w, row[:-1]), torch.tensor(row[1:])) for row in rows]).mean()


def reward_loss(w, rankings, divisor):
    """Eq. 1: mean over prompts of the sum over strict pairs over C(K,2), or over the strict pairs left."""
    losses = []
    for ranking in rankings:
        scores = [score(w, {"prompt": ranking["prompt"], "response": r}) for r in ranking["responses"]]
        ranks = ranking["ranks"]
        K = len(ranks)
        terms = [-F.logsigmoid(scores[i] - scores[j]) for i in range(K) for j in range(K) if ranks[i] < ranks[j]]
        losses.append(sum(terms) / (K * (K - 1) / 2 if divisor == "all-pairs" else len(terms)))
    return torch.stack(losses).mean()


def policy_loss(now, old, advantages, clip):
    ratio = torch.exp(now - old)
    return torch.max(-advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)).mean()


def value_loss(now, old, returns, clip):
    near = old + (now - old).clamp(-clip, clip)
    return 0.5 * torch.max((now - returns) ** 2, (near - returns) ** 2).mean()


def whitened(x):
    return (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + 1e-8)


# ---- Steps.

def adamw(w, optimizer):
    """PyTorch's AdamW; only matrices decay."""
    groups = [{"params": [p for p in w.values() if p.dim() > 1], "weight_decay": optimizer["weightDecay"]},
              {"params": [p for p in w.values() if p.dim() <= 1], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=(optimizer["beta1"], optimizer["beta2"]), eps=optimizer["epsilon"])


def numbers(tensors):
    return {name: tensor.detach().numpy().reshape(-1).copy() for name, tensor in tensors.items()}


def step(w, optimizer, settings, rate, *losses):
    """One step; the gradients of all losses add up in one buffer. Returns their norm and values before the clip."""
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()
    gradients = numbers({name: p.grad for name, p in w.items()})
    norm = torch.nn.utils.clip_grad_norm_(list(w.values()), settings["maxGradientNorm"])
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return norm.item(), gradients


def one_step(weights, head, dtype, settings, rate, loss_of):
    w = trainable(weights, head, dtype)
    loss = loss_of(w)
    norm, gradients = step(w, adamw(w, settings), settings, rate, loss)
    return {"loss": loss.item(), "gradNorm": norm, "gradients": gradients, "after": numbers(w)}
