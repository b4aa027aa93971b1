/**
 * How far a person agrees with the simulated labelers about outputs of several checkpoints, pair by pair. The labelers
 * are those of the class that the settings name, training and held-out ones apart.
 */
import { agreementWith, type SimulatedAgreement } from '../records/human-evaluation.ts';
import type { AgreementCount } from '../records/labeler-agreement.ts';
import { withoutRepeats, type Ranking } from '../records/ranking.ts';
import { labelerPopulation, rankCompletions, type Labeler } from '../world/labelers.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import type { WorldSupply } from './world-supply.ts';

const NONE: AgreementCount = { agreed: 0, total: 0 };

/**
 * Judgements about prompts that are not among the first `heldOut` held-out ones of this seed's world are left out: nobody
 * simulated knows what was asked. What was shown again counts once.
 */
export function simulatedAgreement(
  judgements: readonly Ranking[],
  supply: WorldSupply,
  heldOut: number,
): SimulatedAgreement {
  const once = withoutRepeats(judgements);
  const asked = new Map<string, WorldPrompt>(
    once.length === 0 ? [] : supply.test(heldOut).map((row) => [row.text, row]),
  );
  const known = once.flatMap((row) => {
    const prompt = asked.get(row.prompt.text);
    return prompt === undefined ? [] : [{ ...row, prompt }];
  });
  const labelers = labelerPopulation(supply.seed, supply.classOptions);
  const withGroup = (group: Labeler['group']): AgreementCount => {
    const members = labelers.filter((labeler) => labeler.group === group);
    return known
      .map(({ prompt, completions, ranks }) =>
        agreementWith(
          ranks,
          members.map((labeler) => rankCompletions(labeler, prompt, completions, supply.seed)),
        ),
      )
      .reduce((a, b) => ({ agreed: a.agreed + b.agreed, total: a.total + b.total }), NONE);
  };
  return {
    training: withGroup('training'),
    heldOut: withGroup('heldout'),
    judgements: known.length,
  };
}
