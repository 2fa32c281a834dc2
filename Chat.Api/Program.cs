using Chat.Api;
using Chat.Api.Auth;
using Chat.Api.Messages;
using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Api.Search;
using Chat.Api.Users;
using Chat.Backends;
using Chat.Backends.Keys;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddChatBackends();
builder.Services.AddSharedDataProtection();
builder.AddHosting();
builder.AddProblems();
builder.AddChatAuth();
builder.Services.AddRooms();
builder.Services.AddMessages();
builder.Services.AddRealtime();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseForwardedHeaders();
app.UseProblems();
app.UseOriginCheck();
app.UseAuthentication();
app.UseAuthorization();

app.MapDefaultEndpoints();
app.MapOpenApi();
app.MapAuth();
app.MapRooms();
app.MapMessages();
app.MapUsers();
app.MapSearch();
app.MapRealtime();
app.Run();
