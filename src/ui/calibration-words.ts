/** What the calibration of a reward model says, in words, for everybody and for who does not see the drawing. Pure. */
import type { Calibration, CalibrationBin } from '../records/calibration.ts';
import { counted, formatPercent } from './format.ts';

/** `80 to 90 %` */
export function boundsWords({ from, to }: Pick<CalibrationBin, 'from' | 'to'>): string {
  return `${Math.round(100 * from)} to ${formatPercent(to)}`;
}

/** `58 to 74 %`; empty without an interval. */
export function intervalWords({ low, high }: Pick<CalibrationBin, 'low' | 'high'>): string {
  if (low === null || high === null) return '';
  return `${Math.round(100 * low)} to ${formatPercent(high)}`;
}

/** Whether so many comparisons can tell what is promised from what is so. */
function verdict({ predicted, low, high, n }: Calibration): string {
  if (predicted > high) return 'too sure of itself';
  if (predicted < low) return 'surer than it says';
  return `about as sure as it is right, as far as ${counted(n, 'comparison')} can tell`;
}

/** What the drawing shows as a whole. */
export function calibrationWords(calibration: Calibration): string {
  const { predicted, preferred, error } = calibration;
  const about =
    `The scores promise ${formatPercent(predicted)} and are right on ${formatPercent(preferred)} ` +
    `(95 % ${intervalWords(calibration)}): the reward model is ${verdict(calibration)}.`;
  const points = (100 * error).toFixed(1);
  const off = calibration.bins.filter(
    ({ predicted: said, low, high }) =>
      said !== null && low !== null && high !== null && (said < low || said > high),
  );
  const where =
    off.length === 0
      ? 'No bin is off by more than its interval.'
      : `Off by more than its interval: ${off.map(boundsWords).join(', ')}.`;
  return `${about} Expected calibration error: ${points} points. ${where}`;
}
