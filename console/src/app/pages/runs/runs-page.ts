import { Component } from '@angular/core';
@Component({ selector: 'am-runs-page', template: '' })
export class RunsPage {}
