/**
 * What was tried where a target is missed, by claim; said in the report only where one is. Facts that docs/quick-runs.md
 * or the settings hold, no figures of the run that is reported. A claim that is not named here: nothing was tried.
 */
export const NOTHING_TRIED = 'Nothing further was tried.';

export const TRIED: Readonly<Record<string, string>> = {
  'preferred-to-prompted':
    'Known reason, nothing further was tried: demonstrators are mediocre by design (55 % blunt, 20 % wrong), while the ' +
    'prefixes show ideal answers.',
  'preferred-to-sft':
    'Tried (docs/quick-runs.md): policy learning rates, KL prices, rankings at temperature 0.5 and 1, averaged ' +
    'weights. Settings were chosen by preference at temperature 1; nothing was tried against sharpened SFT in particular.',
  ladder:
    'Where it is SFT that does not stand above the prompted base, the reason is known and nothing further was tried: SFT learns ' +
    'from demonstrators who are mediocre by design (55 % blunt, 20 % wrong), while the prefixes show ideal answers.',
  hallucination:
    'The control on the gold judge is trained alike but for its reward, so what separates it from PPO-ptx is the reward ' +
    'model. What was tried to make that one better (docs/quick-runs.md: rankings at temperature 0.5, 1,500 instead of 600 ' +
    'ranked prompts, twice the rate) brought little or was over-optimised, and was not measured on this suite.',
  harmless:
    'Tried: rude pupils twice as often in the homework that the base model reads, and rankings at temperature 1 instead of ' +
    '0.5, at which hardly any ranking held a rude sentence to punish (docs/quick-runs.md). Rudeness is counted in the first ' +
    'words because models write at different length. Rude first words are rare in every model, so that intervals are wide; ' +
    'more items were not tried.',
  'alignment-tax':
    'Tried: pages with all their examples, which only showed positions that SFT forgets (rows above), and higher KL prices ' +
    'without pre-training text. In SFT, a pre-training mix of 0.5 instead of 0.3 was ' +
    'compared in an earlier, smaller world, by gold and reward accuracy and not by these suites; in this world the mix of SFT ' +
    'was not varied (docs/quick-runs.md).',
  'simple-mistakes':
    'Prompts of its own were drawn for each difficulty, and checks of something false are held against checks of something ' +
    'true in the same form; nothing further was tried.',
  'labeler-agreement':
    'Tried: one temperature for both groups, which left held-out labelers as far apart as training labelers; now each group has ' +
    'its own, to two digits. Nothing was set on the test prompts that are measured here.',
  'reward-groups':
    'Asked of the quick preset: 90 % of what label noise allows, missed with 82 to 83 %. Tried (docs/quick-runs.md): ranking ' +
    'completions at temperature 0.5 gave 86 %, but one seed in three was then over-optimised; 1,500 instead of 600 ranked prompts gave 84 %, twice the learning rate ' +
    '82 %. Rankings stay at temperature 1, at which reinforcement draws. Stronger planted differences between groups were not ' +
    'tried.',
  'shuffled-pairs':
    'Nothing further was tried. Here a prompt has four answers and six comparisons at most, in the paper up to nine and 36, so ' +
    'that shuffling brings back each answer less often.',
  'sft-epoch':
    'Nothing further was tried: longer runs and a constant learning rate have not been measured. The rate was chosen among ' +
    'three in an earlier, smaller world, for the sake of the reward model (docs/quick-runs.md).',
};
