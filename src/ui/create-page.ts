/** Makes the state objects of the page and ties them to the worker and the database. Nothing is started here. */
import { defaultSettings } from '../config/settings.ts';
import { Connection } from '../storage/open.ts';
import { WorkerClient } from '../worker/client.ts';
import { browserRandom } from './blind-order.ts';
import { ChartView } from './chart-view.svelte.ts';
import { Demonstrations } from './demonstrations.svelte.ts';
import { JudgeDesk } from './judge-desk.svelte.ts';
import { labelStore } from './label-store.ts';
import { Laboratory, PROJECT } from './laboratory.svelte.ts';
import type { PageState } from './page-context.ts';
import { RankingDesk } from './ranking-desk.svelte.ts';
import { RewardBench } from './reward-bench.svelte.ts';
import { LiveRoute } from './route.svelte.ts';
import { Sampling } from './sampling.svelte.ts';
import { ThemeChoice } from './theme-choice.svelte.ts';

export function createPage(page: Window): PageState {
  const connection = new Connection({
    notice: (message) => {
      laboratory.report({ kind: 'storage', message });
    },
  });
  const store = labelStore(connection, PROJECT);
  const laboratory = new Laboratory(new WorkerClient(), defaultSettings());
  const now = (): number => Date.now();
  return {
    route: new LiveRoute(page),
    theme: new ThemeChoice(page),
    laboratory,
    sampling: new Sampling(laboratory),
    demonstrations: new Demonstrations(laboratory, store),
    ranking: new RankingDesk(laboratory, store, browserRandom, now),
    bench: new RewardBench(laboratory),
    judge: new JudgeDesk(laboratory, store, browserRandom, now),
    charts: new ChartView(),
  };
}
