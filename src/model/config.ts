/** Shape of a GPT-2 model, and its Hugging Face `config.json`. */

export interface ModelConfig {
  /** V */
  readonly vocabularySize: number;
  /** Longest sequence, C. */
  readonly contextLength: number;
  /** D */
  readonly width: number;
  readonly layers: number;
  /** H; divides the width. */
  readonly heads: number;
  readonly layerNormEpsilon: number;
  readonly padId: number;
  readonly eosId: number;
}

/** Hugging Face's `config.json` for GPT2LMHeadModel. */
export function configToJson(config: ModelConfig): Record<string, unknown> {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: config.vocabularySize,
    n_positions: config.contextLength,
    n_ctx: config.contextLength,
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    activation_function: 'gelu_new',
    layer_norm_epsilon: config.layerNormEpsilon,
    tie_word_embeddings: true,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    bos_token_id: config.eosId,
    eos_token_id: config.eosId,
    pad_token_id: config.padId,
  };
}

/** Raised when a model file is not one that this program can run. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

function wholeNumber(
  source: Record<string, unknown>,
  key: string,
  low: number,
  high: number,
): number {
  const value = source[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new ModelFileError(
      `config.json: "${key}" must be a whole number from ${low} to ${high}.`,
    );
  }
  return value;
}

/** Reads a GPT-2 `config.json`; refuses what the forward pass here does not compute. */
export function configFromJson(json: unknown): ModelConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ModelFileError('config.json is not a JSON object.');
  }
  const source = json as Record<string, unknown>;
  if (source['model_type'] !== 'gpt2') {
    throw new ModelFileError(
      'config.json: "model_type" must be "gpt2". Other architectures cannot run here.',
    );
  }
  const activation = source['activation_function'] ?? 'gelu_new';
  if (activation !== 'gelu_new' || source['tie_word_embeddings'] === false) {
    throw new ModelFileError(
      'config.json: only tanh GELU ("gelu_new") and tied embeddings can run here.',
    );
  }
  const epsilon = source['layer_norm_epsilon'] ?? 1e-5;
  if (typeof epsilon !== 'number' || !(epsilon > 0) || epsilon > 0.1) {
    throw new ModelFileError('config.json: "layer_norm_epsilon" must be a small positive number.');
  }
  const vocabularySize = wholeNumber(source, 'vocab_size', 2, 65536);
  const config: ModelConfig = {
    vocabularySize,
    contextLength: wholeNumber(source, 'n_positions', 1, 4096),
    width: wholeNumber(source, 'n_embd', 1, 4096),
    layers: wholeNumber(source, 'n_layer', 1, 64),
    heads: wholeNumber(source, 'n_head', 1, 64),
    layerNormEpsilon: epsilon,
    padId: wholeNumber(source, 'pad_token_id', 0, vocabularySize - 1),
    eosId: wholeNumber(source, 'eos_token_id', 0, vocabularySize - 1),
  };
  if (config.width % config.heads !== 0) {
    throw new ModelFileError('config.json: "n_embd" must be a multiple of "n_head".');
  }
  if (config.padId === config.eosId) {
    throw new ModelFileError(
      'config.json: PAD and EOS must be different tokens, or the model never learns to stop.',
    );
  }
  return config;
}
