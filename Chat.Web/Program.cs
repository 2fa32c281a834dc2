using Chat.Backends;
using Chat.Backends.Keys;
using Chat.Web.Accounts;
using Chat.Web.Pages;
using Chat.Web.Proxy;
using Chat.Web.Security;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddKeyBackends();
builder.Services.AddSharedDataProtection();
builder.Services.AddAntiforgery(AntiforgeryCookie.Configure);
builder.Services.AddRazorComponents();
builder.Services.AddSingleton<PageAssets>();
builder.Services.AddAccounts();
builder.AddApiProxy();
builder.AddForwarding();

var app = builder.Build();
app.UseForwardedHeaders();
app.UsePageSecurity();
app.UseTroublePages();
app.UseVersionedFiles();
app.UseAntiforgery();

app.MapDefaultEndpoints();
app.MapStaticAssets();
app.MapAccountPages();
app.MapShell();
app.MapApiProxy();
app.Run();
