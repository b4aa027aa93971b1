/** Makes the state objects of the page and ties them to the worker and the database. Nothing is started here. */
import { defaultSettings } from '../config/settings.ts';
import { Connection } from '../storage/open.ts';
import { WorkerClient } from '../worker/client.ts';
import type { Failure } from '../worker/protocol.ts';
import { browserRandom } from './blind-order.ts';
import { ChartView } from './chart-view.svelte.ts';
import { Demonstrations } from './demonstrations.svelte.ts';
import { ExactBench } from './exact-bench.svelte.ts';
import { HiddenControls } from './hidden-controls.svelte.ts';
import { JudgeDesk } from './judge-desk.svelte.ts';
import { labelStore } from './label-store.ts';
import { Laboratory, PROJECT } from './laboratory.svelte.ts';
import { LateDialogs } from './late-dialogs.svelte.ts';
import { LessonPath } from './lesson-path.svelte.ts';
import { browserOfflineService } from './offline-service.ts';
import { Offline } from './offline.svelte.ts';
import type { PageState } from './page-context.ts';
import { PageKeys } from './page-keys.svelte.ts';
import { RankingDesk } from './ranking-desk.svelte.ts';
import { RewardBench } from './reward-bench.svelte.ts';
import { LiveRoute } from './route.svelte.ts';
import { Sampling } from './sampling.svelte.ts';
import { Scenarios } from './scenarios.svelte.ts';
import { ThemeChoice } from './theme-choice.svelte.ts';

/** Milliseconds between two drawings of exact mode, of which the page may need the half. */
const SHOW_AFTER = 100;

export function createPage(page: Window): PageState {
  const connection = new Connection({
    notice: (message) => {
      laboratory.report({ kind: 'storage', message });
    },
  });
  const store = labelStore(connection, PROJECT);
  const client = new WorkerClient();
  const laboratory = new Laboratory(client, defaultSettings());
  const now = (): number => Date.now();
  const sampling = new Sampling(laboratory);
  const ranking = new RankingDesk(laboratory, store, browserRandom, now);
  const bench = new RewardBench(laboratory);
  const judge = new JudgeDesk(laboratory, store, browserRandom, now);
  const report = (failure: Failure): void => {
    laboratory.report(failure);
  };
  return {
    route: new LiveRoute(page),
    theme: new ThemeChoice(page),
    laboratory,
    sampling,
    demonstrations: new Demonstrations(laboratory, store),
    ranking,
    bench,
    judge,
    charts: new ChartView(),
    scenarios: new Scenarios(laboratory, async () => {
      const { Panel, ScenarioDesk, runReader } = await import('./scenario-parts.ts');
      const runs = runReader(connection, PROJECT);
      return { desk: new ScenarioDesk(laboratory, runs, page.localStorage), Panel };
    }),
    lessons: new LessonPath({ laboratory, sampling, ranking, bench, judge }, page.localStorage),
    // The development server has no service worker.
    offline: new Offline(import.meta.env.PROD ? browserOfflineService(page) : null, () => {
      page.location.reload();
    }),
    dialogs: new LateDialogs((message) => {
      laboratory.report({ kind: 'engine', message });
    }),
    pageKeys: new PageKeys(page.localStorage),
    hidden: new HiddenControls(page.localStorage),
    exact: new ExactBench(client, report, (task) => page.setTimeout(task, SHOW_AFTER)),
  };
}
