// What a person has who uses no pointer and sees no screen, for the browser tests: keys, what a screen reader is told
// of the place of the focus (from Chromium's accessibility tree), and what live regions announce. It never clicks and
// never moves the focus itself.
import type { BrowserContext, CDPSession, Page } from 'playwright-core';

/** What is told of the element with the focus. */
export interface Heard {
  readonly role: string;
  readonly name: string;
  readonly description: string;
  readonly value: string;
  /** Such as `disabled`, `checked`, `expanded`, with their values. */
  readonly states: Readonly<Record<string, unknown>>;
}

/** A place where Tab stopped. */
export interface Stop extends Heard {
  /** True when some of it is in view with nothing over it (WCAG 2.4.11). */
  readonly visible: boolean;
  /** True when it has an outline of at least 2 px (WCAG 2.4.7). */
  readonly marked: boolean;
}

/** More stops than any part of the page has. */
const MOST_STOPS = 150;

/** Keeps what live regions say, in order, from the first moment of the page on. Runs in the page. */
function keepAnnouncements(): void {
  const said: string[] = [];
  Object.assign(globalThis, { said });
  const LIVE = '[role="status"], [role="alert"], [role="log"], [aria-live="polite"]';
  const last = new WeakMap<Element, string>();
  const read = (region: Element): void => {
    const text = (region.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
    if (last.get(region) === text) return;
    last.set(region, text);
    if (text !== '' && region.checkVisibility()) said.push(text);
  };
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) {
      const at = target instanceof Element ? target : target.parentElement;
      const region = at?.closest(LIVE);
      if (region) read(region);
      // An alert is told when it appears; any other region only when it changes.
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches('[role="alert"]')) read(node);
        node.querySelectorAll('[role="alert"]').forEach(read);
      }
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

/** Whether the focus can be seen; null when nothing of the page has it. Runs in the page. */
function lookAtFocus(): { visible: boolean; marked: boolean } | null {
  const node = document.activeElement;
  if (node === null || node === document.body) return null;
  const { left, top, width, height } = node.getBoundingClientRect();
  const shares = [0.5, 0.1, 0.9];
  const points = shares.flatMap((x) => shares.map((y) => [left + x * width, top + y * height]));
  const visible = points.some(([x = -1, y = -1]) => {
    const over = document.elementFromPoint(x, y);
    return over !== null && (node.contains(over) || over.contains(node));
  });
  const { outlineStyle, outlineWidth } = getComputedStyle(node);
  return { visible, marked: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
}

/** A keyboard, and ears. */
export class KeyboardReader {
  /** Every place where Tab has stopped so far. */
  readonly stops: Stop[] = [];
  readonly #page: Page;
  readonly #tree: CDPSession;

  private constructor(page: Page, tree: CDPSession) {
    this.#page = page;
    this.#tree = tree;
  }

  /** Before the page is opened: it listens from its first moment. */
  static async attach(context: BrowserContext, page: Page): Promise<KeyboardReader> {
    await page.addInitScript(keepAnnouncements);
    return new KeyboardReader(page, await context.newCDPSession(page));
  }

  /** What the accessibility tree holds for the element with the focus. */
  async heard(): Promise<Heard> {
    const { result } = await this.#tree.send('Runtime.evaluate', {
      expression: 'document.activeElement',
    });
    if (result.objectId === undefined) throw new Error('The page has no focus at all.');
    const { nodes } = await this.#tree.send('Accessibility.getPartialAXTree', {
      objectId: result.objectId,
      fetchRelatives: false,
    });
    const node = nodes[0];
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    return {
      role: text(node?.role?.value),
      name: text(node?.name?.value),
      description: text(node?.description?.value),
      value: String(node?.value?.value ?? ''),
      states: Object.fromEntries((node?.properties ?? []).map((p) => [p.name, p.value.value])),
    };
  }

  /** A second look after two frames, because the page may just have been moving under the focus. */
  async #look(): Promise<ReturnType<typeof lookAtFocus>> {
    const first = await this.#page.evaluate(lookAtFocus);
    if (first === null || (first.visible && first.marked)) return first;
    await this.#page.evaluate(
      () =>
        new Promise((resolve) => {
          requestAnimationFrame(() => requestAnimationFrame(resolve));
        }),
    );
    return this.#page.evaluate(lookAtFocus);
  }

  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  /** Types into the field with the focus, in place of what it holds. */
  async replace(text: string): Promise<void> {
    await this.press('Control+a');
    await this.#page.keyboard.type(text);
  }

  /** Presses Tab until it stops at something with this role and name. */
  async tabTo(role: string, name: RegExp | string): Promise<Heard> {
    const fits = (said: string) => (typeof name === 'string' ? said === name : name.test(said));
    const passed: string[] = [];
    for (let i = 0; i < MOST_STOPS; i += 1) {
      await this.press('Tab');
      const heard = await this.heard();
      const look = await this.#look();
      // Null between the page's end and its beginning, where the browser's own controls are.
      if (look !== null) this.stops.push({ ...heard, ...look });
      if (heard.role === role && fits(heard.name)) return heard;
      passed.push(`${heard.role} "${heard.name}"`);
    }
    throw new Error(
      `Tab does not reach ${role} ${String(name)}, only ${[...new Set(passed)].join(', ')}.`,
    );
  }

  /** Goes to a button or link by Tab and presses Enter on it. */
  async activate(role: 'button' | 'link', name: RegExp | string): Promise<void> {
    await this.tabTo(role, name);
    await this.press('Enter');
  }

  /** What live regions have said so far. */
  async announcements(): Promise<readonly string[]> {
    return this.#page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  }
}
