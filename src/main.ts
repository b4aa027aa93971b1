// Mounts the page. Nothing else belongs here: the panels are in ui, the work is in worker.
import { mount } from 'svelte';
import App from './ui/App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no element with the id "app".');
mount(App, { target });
