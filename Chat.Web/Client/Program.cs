using Chat.Web.Client;
using Chat.Web.Client.Components;
using Chat.Web.Client.Connection;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.Services.AddChatClient(new Uri(builder.HostEnvironment.BaseAddress));
builder.Services.AddSingleton<PageScript>();
builder.RootComponents.Add<App>("#app");
await builder.Build().RunAsync();
