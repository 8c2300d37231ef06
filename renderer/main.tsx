import './zod-without-eval.ts';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './ui/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startI18n } from './i18n/index.ts';
import { connect } from './ipc/connect.ts';
import { refuseStrayFiles } from './ui/refuse-stray-files.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
startI18n();
refuseStrayFiles();
createRoot(root).render(
  <StrictMode>
    <App client={connect()} />
  </StrictMode>,
);
