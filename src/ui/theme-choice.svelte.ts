/** Light, dark, or as the system says; remembered in this browser. Sets one attribute, theme.css does the rest. */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'rlhf-playground/theme';

export class ThemeChoice {
  #theme: Theme = $state.raw('system');
  #systemDark = $state.raw(false);
  #dark = $derived(this.#theme === 'dark' || (this.#theme === 'system' && this.#systemDark));
  readonly #window: Window;

  constructor(page: Window) {
    this.#window = page;
    const stored = page.localStorage.getItem(KEY);
    this.choose(THEMES.find((theme) => theme === stored) ?? 'system');
    const dark = page.matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = dark.matches;
    dark.addEventListener('change', (event) => {
      this.#systemDark = event.matches;
    });
  }

  get theme(): Theme {
    return this.#theme;
  }
  get dark(): boolean {
    return this.#dark;
  }

  choose(theme: Theme): void {
    this.#theme = theme;
    this.#window.localStorage.setItem(KEY, theme);
    this.#window.document.documentElement.dataset['theme'] = theme;
  }

  /** System, light, dark, system. */
  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? 'system');
  }
}
