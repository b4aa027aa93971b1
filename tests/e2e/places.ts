// Every place of the page that a person can be at, each with the way there and back, for what looks at all of them: the
// tests of design and the pictures of the documentation. The parts' content is the caller's.
import type { Page } from 'playwright-core';
import type { Part } from '../../src/ui/hash-route.ts';
import { press, visit } from './laboratory-page.ts';

export interface Place {
  readonly name: string;
  readonly open: (page: Page) => Promise<void>;
  /** Back to where nothing is open; absent where there is nothing to close. */
  readonly close?: (page: Page) => Promise<void>;
}

const part = (name: Part): Place => ({ name, open: (page) => visit(page, name) });

async function escape(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator('.dialog, .popover').waitFor({ state: 'detached' });
}

/** The scenario's panel is open on the first part; the token lens is on `reinforce` once something was reinforced. */
export const PLACES: readonly Place[] = [
  part('model'),
  part('demonstrate'),
  part('rank'),
  part('reinforce'),
  part('judge'),
  part('runs'),
  {
    name: 'world',
    open: async (page) => {
      await visit(page, 'world');
      await page.locator('[data-testid="fact-table"] tbody th').first().waitFor();
    },
  },
  {
    name: 'verdict',
    open: async (page) => {
      await visit(page, 'world');
      await press(page, 'world-judge');
      // An answer with something wrong in it.
      await press(page, 'verdict-slip');
      await page.getByTestId('verdict-sentences').locator('q').first().waitFor();
    },
  },
  {
    name: 'paper',
    open: async (page) => {
      await visit(page, 'paper');
      await page.getByTestId('paper-contents').waitFor();
    },
  },
  {
    name: 'exact',
    open: async (page) => {
      await page.getByTestId('scenario').selectOption('exact');
      await page.locator('.page[data-part="exact"]').waitFor();
      await page.getByText('What should come out', { exact: true }).waitFor();
    },
  },
  {
    name: 'settings',
    open: async (page) => {
      await visit(page, 'reinforce');
      await press(page, 'settings-open');
      await page.getByTestId('settings-dialog').waitFor();
    },
    close: escape,
  },
  {
    name: 'lessons',
    open: async (page) => {
      await visit(page, 'model');
      await press(page, 'lessons-toggle');
      await page.getByTestId('lesson').waitFor();
    },
    close: async (page) => {
      await press(page, 'lessons-toggle');
      await page.getByTestId('lesson').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'engine',
    open: async (page) => {
      await visit(page, 'model');
      await press(page, 'engine-badge');
      await page.getByTestId('machine-open').waitFor();
    },
    close: escape,
  },
  {
    name: 'machine',
    open: async (page) => {
      await visit(page, 'model');
      await press(page, 'engine-badge');
      await press(page, 'machine-open');
      await page.getByTestId('machine-dialog').waitFor();
    },
    close: escape,
  },
];
