/** An alignment tax as the page and its reports write it. Plain functions of plain values; measured by the judges. */
import type { AlignmentTax } from '../records/suite.ts';

/** Nats with three decimals and a sign; nothing that rounds to 0 has one. */
function signed(nats: number): string {
  const text = Math.abs(nats).toFixed(3);
  if (Number(text) === 0) return text;
  return `${nats > 0 ? '+' : '−'}${text}`;
}

/** `+0.034 (+0.030 to +0.037)`: nats per token above the base model, with the 95 % interval. */
export function riseWords({ rise }: AlignmentTax): string {
  return `${signed(rise.mean)} (${signed(rise.low)} to ${signed(rise.high)})`;
}

/** For one line: loss and rise; words where it was not measured, as in judgements from before there was a tax. */
export function taxWords(tax: AlignmentTax | undefined): string {
  return tax === undefined ? 'not measured' : `${tax.loss.toFixed(3)}, ${riseWords(tax)}`;
}
