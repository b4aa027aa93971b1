// Property tests draw the same cases on every machine, so that what fails in one place fails in all. Other cases:
// PROPERTY_SEED=7 npm run test:unit
import fc from 'fast-check';

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: Number(process.env['PROPERTY_SEED'] ?? 1),
});
