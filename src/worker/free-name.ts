/** A name for a run that no other run bears. */

/** The name itself where it is free, else with the first free number behind it: `SFT 1 (2)`. */
export function freeName(wished: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wished)) return wished;
  let number = 2;
  while (taken.has(`${wished} (${number})`)) number += 1;
  return `${wished} (${number})`;
}
