// Property tests draw fewer cases under `npm run mutate`, which repeats them a thousand times; tests that name their
// own number keep it.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 25 });
