/**
 * Light, dark, high contrast, or as the system says; remembered in this browser. Sets two attributes, theme.css and
 * contrast.css do the rest. A system that asks for more contrast gets it in every theme.
 */

export const THEMES = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'rlhf-playground/theme';

/** What a system may ask for, as media queries. */
const QUERIES = {
  dark: '(prefers-color-scheme: dark)',
  contrast: '(prefers-contrast: more)',
  forced: '(forced-colors: active)',
} as const;
type Wish = keyof typeof QUERIES;

export class ThemeChoice {
  #theme: Theme = $state.raw('system');
  #wishes: Readonly<Record<Wish, boolean>> = $state.raw({
    dark: false,
    contrast: false,
    forced: false,
  });
  readonly #window: Window;

  constructor(page: Window) {
    this.#window = page;
    for (const wish of ['dark', 'contrast', 'forced'] as const) {
      const query = page.matchMedia(QUERIES[wish]);
      this.#hear(wish, query.matches);
      query.addEventListener('change', (event) => {
        this.#hear(wish, event.matches);
      });
    }
    const stored = page.localStorage.getItem(KEY);
    this.choose(THEMES.find((theme) => theme === stored) ?? 'system');
  }

  get theme(): Theme {
    return this.#theme;
  }
  /** What colours depend on, in words: a canvas is drawn anew when it changes. */
  get look(): string {
    const { dark, forced } = this.#wishes;
    const isDark = this.#theme === 'dark' || (this.#theme !== 'light' && dark);
    return [isDark ? 'dark' : 'light', this.#contrast, ...(forced ? ['forced'] : [])].join(' ');
  }

  get #contrast(): 'more' | 'normal' {
    return this.#theme === 'contrast' || this.#wishes.contrast ? 'more' : 'normal';
  }

  choose(theme: Theme): void {
    this.#theme = theme;
    this.#window.localStorage.setItem(KEY, theme);
    this.#show();
  }

  /** System, light, dark, high contrast, system. */
  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? 'system');
  }

  #hear(wish: Wish, wanted: boolean): void {
    this.#wishes = { ...this.#wishes, [wish]: wanted };
    this.#show();
  }

  #show(): void {
    const { dataset } = this.#window.document.documentElement;
    dataset['theme'] = this.#theme;
    dataset['contrast'] = this.#contrast;
  }
}
