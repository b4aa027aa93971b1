/**
 * The form of one declared setting. Each hyperparameter is declared once, in the tables beside this file;
 * its type, range check, form control, URL form and documentation derive from the declaration.
 */

export const SETTING_GROUPS = [
  'general',
  'base',
  'sft',
  'labels',
  'reward',
  'method',
  'ppo',
  'evaluate',
] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

interface Described {
  /** Short name for forms and tables. */
  readonly label: string;
  /** One or two sentences in plain words. */
  readonly description: string;
  /** `nats`, `tokens`, ...; empty for a pure number. */
  readonly unit: string;
  /** The paper's value as text; `not stated` where the paper does not say. */
  readonly paper: string;
  /** Where the paper says so. */
  readonly reference: string;
  /** Title of a part of a long table; its first setting bears it. */
  readonly section?: string;
}

export interface NumberSpec extends Described {
  readonly kind: 'integer' | 'number';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
export interface ChoiceSpec extends Described {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  /** What forms show instead of a choice. */
  readonly choiceLabels?: Readonly<Record<string, string>>;
  readonly default: string;
}
export interface BooleanSpec extends Described {
  readonly kind: 'boolean';
  readonly default: boolean;
}
export type SettingSpec = NumberSpec | ChoiceSpec | BooleanSpec;
export type SettingTable = Readonly<Record<string, SettingSpec>>;
export type SettingValue = number | string | boolean;
