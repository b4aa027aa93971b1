/** Pages of a long list: which rows are on a page. Pure arithmetic; nothing is drawn or fetched. */

export interface Page {
  /** Counted from 0; the nearest one that there is. */
  readonly page: number;
  /** At least 1. */
  readonly pages: number;
  /** First row, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

/** Page `wanted` of `total` rows, `size` to a page. */
export function pageOf(total: number, size: number, wanted: number): Page {
  const pages = Math.max(1, Math.ceil(total / size));
  const page = Math.min(Math.max(0, wanted), pages - 1);
  return { page, pages, from: page * size, to: Math.min(total, (page + 1) * size), total };
}
