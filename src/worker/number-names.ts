/**
 * Numbers that JSON does not know (NaN, the infinities, minus zero) under names, so that a row comes back from a file as it was.
 * `{"number":"NaN"}` stands for one; no row of ours has an object of that form.
 */

const NAMED: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

function mapped(value: unknown, change: (value: unknown) => unknown): unknown {
  const changed = change(value);
  if (typeof changed !== 'object' || changed === null) return changed;
  if (changed !== value) return changed;
  if (Array.isArray(changed)) return changed.map((item) => mapped(item, change));
  return Object.fromEntries(
    Object.entries(changed).map(([key, item]) => [key, mapped(item, change)]),
  );
}

/** A copy in which each number is one that JSON keeps, or an object with its name. */
export function withNumberNames(value: unknown): unknown {
  return mapped(value, (item) => {
    if (Object.is(item, -0)) return { number: '-0' };
    return typeof item === 'number' && !Number.isFinite(item) ? { number: String(item) } : item;
  });
}

/** The inverse of {@link withNumberNames}. */
export function withNumbers(value: unknown): unknown {
  return mapped(value, (item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    const entries = Object.entries(item);
    const [[key, name] = ['', null]] = entries;
    const known = entries.length === 1 && key === 'number' && typeof name === 'string';
    return known && Object.hasOwn(NAMED, name) ? NAMED[name] : item;
  });
}
