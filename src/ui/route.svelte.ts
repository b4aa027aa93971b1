/**
 * The live route: follows the address bar and changes it. Knows parts, not panels; parsing is in
 * hash-route.ts.
 */
import { formatHash, parseHash, type Part, type Route } from './hash-route.ts';

export class LiveRoute {
  #route: Route = $state.raw(parseHash(''));
  readonly #window: Window;

  constructor(page: Window) {
    this.#window = page;
    this.#route = parseHash(page.location.hash);
  }

  get part(): Part {
    return this.#route.part;
  }

  get unknown(): string | undefined {
    return this.#route.unknown;
  }

  get query(): string {
    return this.#route.query;
  }

  /** Starts following the address bar; the returned function stops it. */
  follow(): () => void {
    const read = (): void => {
      this.#route = parseHash(this.#window.location.hash);
    };
    this.#window.addEventListener('hashchange', read);
    return () => {
      this.#window.removeEventListener('hashchange', read);
    };
  }

  /** Takes a query that has been used out of the address, so that a later reload does not apply it again. */
  dropQuery(): void {
    this.setQuery('');
  }

  /** Puts what the part holds into the address, without a step back in the history for each change. */
  setQuery(query: string): void {
    if (query === this.#route.query) return;
    this.#route = { part: this.#route.part, query };
    this.#window.history.replaceState(null, '', formatHash(this.#route));
  }

  /** Address of this page with these settings, to be copied. */
  linkTo(route: Route): string {
    const [page = ''] = this.#window.location.href.split('#');
    return `${page}${formatHash(route)}`;
  }
}
