import{h as e}from"./Page-BCPD1Xx7.js";import{R as t,nt as n}from"./removable-DcPmwfNj.js";import{h as r,m as i}from"./app-BpJYG0c-.js";import{t as a}from"./Head-B9XFaRfl.js";import{t as o}from"./Editor-cHPDcsK1.js";var s=n(),c=`workspace: support          # its name in addresses; it cannot be changed later
name: Support
channel: {kind: intercom, region: us}   # us, eu or au
desk: {kind: builtin}
combodo-intercom-integration:
  workspaces:
    PUT_YOUR_WORKSPACE_ID_HERE: {scope: SELECT Organization}
  sync_app.client_secret: ""
  sync_app.access_token: ""
`;function l(){let n=r();return(0,s.jsxs)(s.Fragment,{children:[(0,s.jsx)(e,{component:i,to:`/workspaces`,size:`sm`,children:`All workspaces`}),(0,s.jsx)(a,{title:`New workspace`}),(0,s.jsx)(t,{size:`sm`,c:`dimmed`,mb:`md`,children:`Enter the id of your Intercom workspace, and the client secret and access token of your Intercom app.`}),(0,s.jsx)(o,{yaml:c,draft:!0,onSaved:e=>n(`/workspaces/${encodeURIComponent(e)}`)})]})}export{l as NewWorkspace};