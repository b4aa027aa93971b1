/** The charts that lecture mode shows one at a time: those of each stage, in the order of the loop. Pure. */
import { stepWordOf } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import type { TrainingStage } from '../worker/protocol.ts';
import type { ChartRow } from './chart-data.ts';
import { PART_TITLES, type Part } from './hash-route.ts';
import { drawnCharts, METHOD_CHARTS, type MethodChart } from './method-words.ts';
import { REWARD_CHARTS, SFT_CHARTS } from './stage-charts.ts';

export interface LectureChart {
  readonly stage: TrainingStage;
  readonly part: Part;
  /** The stage as the audience knows it. */
  readonly of: string;
  readonly stepWord: string;
  readonly chart: MethodChart;
}

/** Every chart, of step 3 those of the method chosen that its run, given by its rows, has something for. */
export function lectureCharts(
  { method }: Settings,
  reinforced: readonly ChartRow[],
): readonly LectureChart[] {
  const { demonstrate, reinforce } = PART_TITLES;
  const sft = { stage: 'sft', part: 'demonstrate', of: demonstrate } as const;
  const reward = { stage: 'reward', part: 'rank', of: 'Reward model' } as const;
  const ppo = { stage: 'ppo', part: 'reinforce', of: reinforce } as const;
  const iteration = stepWordOf(method.name);
  return [
    ...SFT_CHARTS.map((chart) => ({ ...sft, stepWord: 'step', chart })),
    ...REWARD_CHARTS.map((chart) => ({ ...reward, stepWord: 'step', chart })),
    ...drawnCharts(METHOD_CHARTS[method.name], reinforced).map((chart) => ({
      ...ppo,
      stepWord: iteration,
      chart,
    })),
  ];
}

/** Where to begin: at the stage that trains, else at that of the part on screen, else at the first chart. */
export function firstChart(
  charts: readonly LectureChart[],
  part: Part,
  running: TrainingStage | null,
): number {
  const at = charts.findIndex((row) =>
    running === null ? row.part === part : row.stage === running,
  );
  return Math.max(0, at);
}
