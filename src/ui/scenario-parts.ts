/** Everything that is loaded late for scenarios, as one piece. Declares nothing of its own. */
export { runReader } from './finished-runs.ts';
export { ScenarioDesk } from './scenario-desk.svelte.ts';
export { default as Panel } from './ScenarioPanel.svelte';
