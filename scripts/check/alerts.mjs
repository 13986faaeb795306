import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { fromRoot } from '../run.mjs';
import { promtool } from './promtool.mjs';

const FOLDER = ['deploy', 'alerts'];
const SEVERITIES = ['critical', 'warning'];

/** The rules of every file of deploy/alerts: alerts, and what they are made of. */
export function alertRules() {
  return yamlFiles().flatMap((file) =>
    parse(readFileSync(file, 'utf8')).groups.flatMap(({ rules }) => rules.map((rule) => ({ file, ...rule }))),
  );
}

/** The file of an alert's runbook, as every alert's `runbook_url` has it. */
export function runbookOf(alert) {
  return `docs/runbooks/${alert.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase()}.md`;
}

/** Prometheus takes the rules; every alert says how bad it is, what it is, and where to read on, and a scene of the game day causes it. */
export async function alertsAreWhole() {
  const checked = await promtool(['check', 'rules', ...yamlFiles()]);
  const scenes = gameDayScenes();
  const faults = alertRules()
    .filter(({ alert }) => alert !== undefined)
    .flatMap(({ alert, labels = {}, annotations = {}, for: after }) => [
      ...(SEVERITIES.includes(labels.severity)
        ? []
        : [`${alert} has no severity ${SEVERITIES.join(' or ')}`]),
      ...(after === undefined ? [`${alert} fires at once: give it a \`for\``] : []),
      ...['summary', 'description']
        .filter((name) => !annotations[name])
        .map((name) => `${alert} has no ${name}`),
      ...(new RegExp(`'${alert}( ${labels.severity})?'`).test(scenes)
        ? []
        : [`no scene of test/gameday causes ${alert} (${labels.severity})`]),
      ...(annotations.runbook_url === runbookOf(alert)
        ? []
        : [`runbook_url of ${alert} is not ${runbookOf(alert)}`]),
    ]);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return checked;
}

/** Prometheus' own tests of the rules: each alert, of each severity, has one in which it fires and one in which it does not. */
export async function alertsAreTested() {
  const files = yamlFiles('tests');
  const [checked] = await Promise.all(files.map((file) => promtool(['test', 'rules', file])));
  const expectations = files
    .flatMap((file) => parse(readFileSync(file, 'utf8')).tests)
    .flatMap((test) => test.promql_expr_test ?? []);
  const faults = alertRules()
    .filter(({ alert }) => alert !== undefined)
    .flatMap(({ alert, labels }) => {
      const own = expectations.filter(({ expr }) => expr.includes(`alertname="${alert}"`));
      const fires = ({ exp_samples: samples }) =>
        samples.some(({ labels: text }) => text.includes(`severity="${labels.severity}"`));
      return [
        ...(own.some(fires) ? [] : [`${alert} (${labels.severity}) fires in no test`]),
        ...(own.some((one) => !fires(one)) ? [] : [`${alert} (${labels.severity}) is quiet in no test`]),
      ];
    });
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return checked;
}

function gameDayScenes() {
  const folder = fromRoot('test', 'gameday', 'scenes');
  return readdirSync(folder)
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n');
}

function yamlFiles(...below) {
  const folder = fromRoot(...FOLDER, ...below);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`);
}
