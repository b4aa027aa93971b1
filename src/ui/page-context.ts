/** The page's state objects, made once by App and found by every panel. */
import { createContext } from 'svelte';
import type { ChartView } from './chart-view.svelte.ts';
import type { Demonstrations } from './demonstrations.svelte.ts';
import type { ExactBench } from './exact-bench.svelte.ts';
import type { HiddenControls } from './hidden-controls.svelte.ts';
import type { JudgeDesk } from './judge-desk.svelte.ts';
import type { Laboratory } from './laboratory.svelte.ts';
import type { LateDialogs } from './late-dialogs.svelte.ts';
import type { Offline } from './offline.svelte.ts';
import type { PageKeys } from './page-keys.svelte.ts';
import type { RankingDesk } from './ranking-desk.svelte.ts';
import type { RewardBench } from './reward-bench.svelte.ts';
import type { LessonPath } from './lesson-path.svelte.ts';
import type { LiveRoute } from './route.svelte.ts';
import type { Sampling } from './sampling.svelte.ts';
import type { Scenarios } from './scenarios.svelte.ts';
import type { ThemeChoice } from './theme-choice.svelte.ts';

export interface PageState {
  readonly route: LiveRoute;
  readonly theme: ThemeChoice;
  readonly laboratory: Laboratory;
  readonly sampling: Sampling;
  readonly demonstrations: Demonstrations;
  readonly ranking: RankingDesk;
  readonly bench: RewardBench;
  readonly judge: JudgeDesk;
  readonly lessons: LessonPath;
  readonly offline: Offline;
  readonly exact: ExactBench;
  readonly charts: ChartView;
  readonly scenarios: Scenarios;
  readonly dialogs: LateDialogs;
  readonly pageKeys: PageKeys;
  readonly hidden: HiddenControls;
}

export const [usePage, providePage] = createContext<PageState>();
