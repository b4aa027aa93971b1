// Lint rules: types-aware TypeScript, Svelte, the size of files and functions, and who may import
// whom (eslint.zones.js). Formatting is Prettier's and not checked here.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';
import { zonesPlugin } from './eslint.zones.js';

/** Folders whose results must depend on nothing but their arguments. */
const PURE = ['records', 'config', 'world', 'data', 'kernels', 'model', 'rlhf'];

const CLOCK = 'Time is a parameter here (`now`), so that a run can be repeated.';
const CHANCE = 'Chance is a parameter here (`rng: Rng`), so that a seed names a run.';
const MULTINOMIAL =
  "tf.multinomial is wrong in its first row and cannot be seeded exactly; use the model's sampler.";

export default ts.config(
  { ignores: ['dist/', 'runs/', 'coverage/', 'public/', 'src/kernels/wasm/assembly/'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.worker },
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': ['error', { property: 'multinomial', message: MULTINOMIAL }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Misjudges tfjs's generic tensors under exactOptionalPropertyTypes: its own fix fails to compile.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // The declared types of tfjs and the DOM leave out undefined where it does occur.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // tfjs's idiom: a tensor's rank as a type parameter of the result alone.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Spreading a string into its code points is what the tokenizer does on purpose.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // An index that the loop has just bounded is asserted with `!`; the compiler cannot see it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: { 'svelte/no-at-html-tags': 'error' },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    plugins: { zones: zonesPlugin },
    rules: {
      'zones/imports': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': ['error', { name: 'performance', message: CLOCK }],
      'no-restricted-properties': [
        'error',
        { property: 'multinomial', message: MULTINOMIAL },
        { object: 'Math', property: 'random', message: CHANCE },
        { object: 'Date', property: 'now', message: CLOCK },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date']", message: CLOCK },
        { selector: "CallExpression[callee.name='Date']", message: CLOCK },
        { selector: "ImportSpecifier[imported.name='multinomial']", message: MULTINOMIAL },
      ],
    },
  },
  {
    files: ['src/cli/**', 'tests/**', '*.js', '*.ts'],
    languageOptions: { globals: globals.node },
    rules: { 'no-console': 'off' },
  },
  {
    // The peers, as their users write them.
    files: ['src/cli/bench/tfjs.ts', 'src/cli/bench/nanogpt.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    extends: [ts.configs.disableTypeChecked],
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
