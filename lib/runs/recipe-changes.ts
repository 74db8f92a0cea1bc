/** What of a run is not as its recipe has it, in words. */
import { recipes } from '../training/recipes.js';
import type { RecipeSchedule } from '../training/schedules.js';
import type { TrainingSettings } from '../training/settings.js';
import type { RunConfig } from './config.js';

/** `cosine`, `step:10:0.1`: as the command line takes it. */
export function scheduleName(schedule: RecipeSchedule): string {
  if (typeof schedule === 'string') return schedule;
  if (schedule.kind !== 'step') return schedule.kind;
  const { every, factor = 0.1 } = schedule;
  return `step:${every}:${factor}`;
}

/** `shift=2,rotate=10`: what is changed at all. */
export function augmentText(augment: TrainingSettings['augment']): string | undefined {
  const { elastic, ...rest } = augment ?? {};
  const texts = Object.entries(rest).flatMap(([name, value]) => (value === 0 ? [] : [`${name}=${value}`]));
  if (elastic !== undefined && elastic.alpha > 0) texts.push(`elastic=${elastic.alpha}:${elastic.sigma}`);
  return texts.length === 0 ? undefined : texts.join(',');
}

/** What the run was asked for in place of, and beside, what its recipe says: `['adam', 'cosine', 'colour']`. */
export function recipeChanges(
  config: Pick<RunConfig, 'recipe' | 'data' | 'netOptions' | 'settings'>,
): string[] {
  const { recipe, data, netOptions = {}, settings = {} } = config;
  const { keepBest, patience, averaging, freeze } = settings;
  const augment = augmentText(settings.augment);
  const named = recipes[recipe.name];
  const { kind = 'sgd' } = recipe.optimizer;
  const { dropout } = netOptions;
  const name = scheduleName(recipe.schedule);
  return [
    ...(kind === (named.optimizer.kind ?? 'sgd') ? [] : [kind]),
    ...(name === scheduleName(named.schedule) ? [] : [name]),
    ...(recipe.warmup === named.warmup ? [] : [`warmup ${recipe.warmup}`]),
    ...(data.preparation?.colour ? ['colour'] : []),
    ...(dropout === undefined ? [] : [`dropout ${dropout}`]),
    ...(keepBest === undefined ? [] : [`best ${keepBest}`]),
    ...(patience === undefined ? [] : [`patience ${patience}`]),
    ...(averaging === undefined ? [] : [`averaging ${averaging.decay}`]),
    ...(augment === undefined ? [] : [`augment ${augment}`]),
    ...(freeze === undefined ? [] : [`freeze ${freeze.join(',')}`]),
  ];
}
