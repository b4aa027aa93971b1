/**
 * The error of every reader of outside bytes or text (tokenizer, weights, JSONL).
 * It says what is wrong and what to do next; anything else thrown by a reader is a defect of the reader.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  /** What is wrong, one sentence. */
  readonly problem: string;
  /** What the person can do about it, one sentence. */
  readonly action: string;

  constructor(problem: string, action: string) {
    super(`${problem} ${action}`);
    this.problem = problem;
    this.action = action;
  }
}
